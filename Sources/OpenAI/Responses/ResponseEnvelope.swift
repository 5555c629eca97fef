public import JSON

/// What a response says besides its state: its ids, and what it repeats of the request.
public struct ResponseEnvelope: Sendable, Equatable {
    /// `resp_` and a random word.
    public let id: String
    /// The word in the ids of the response and its items.
    public let word: String
    /// Seconds since 1970.
    public let created: Int
    /// The members that don't change.
    fileprivate let members: JSONObject

    /// Creates the head of a response.
    ///
    /// - Parameters:
    ///   - word: letters and digits that nobody can guess.
    ///   - model: as the client named it.
    ///   - isStored: whether the response is kept.
    ///   - isDemanded: whether the response must be a call of a function of the client.
    public init(
        word: String, created: Int, model: String, request: ResponseRequest, isStored: Bool, isDemanded: Bool
    ) {
        self.word = word
        self.created = created
        id = "resp_\(word)"
        var members: JSONObject = [
            "id": .string(id), "object": "response", "created_at": .integer(created), "status": .null,
            "background": .bool(request.isBackground), "error": .null, "incomplete_details": .null,
            "instructions": .null, "max_output_tokens": .null, "max_tool_calls": .null, "model": .string(model),
            "output": [], "parallel_tool_calls": true, "previous_response_id": .null,
            "reasoning": ["effort": .null, "summary": .null], "service_tier": "default", "store": .bool(isStored),
            "temperature": 1.0, "text": ["format": ["type": "text"]], "tool_choice": "auto", "tools": [],
            "top_logprobs": 0, "top_p": 1.0, "truncation": "disabled", "usage": .null, "user": .null,
            "metadata": [:],
        ]
        for member in request.repeated { members[member.key] = member.value }
        // The tools that are offered but never called aren't tools of this response.
        if isDemanded {
            members["tools"] = request.parameters.given("tools")
            members["tool_choice"] = request.parameters.given("tool_choice")
        }
        self.members = members
    }

    /// Returns the response in a state.
    func json(_ status: ResponseStatus, output: [JSONObject], more: JSONObject) -> JSON {
        var object = members
        object["status"] = .string(status.rawValue)
        object["output"] = .array(output.map(JSON.object))
        for member in more { object[member.key] = member.value }
        return .object(object)
    }
}

/// The state of a response.
public enum ResponseStatus: String, Sendable {
    case queued
    case inProgress = "in_progress"
    case completed
    /// A limit ended it.
    case incomplete
    case failed
    case cancelled

    /// Whether it doesn't change any more.
    public var isFinal: Bool { self != .queued && self != .inProgress }
}

extension TokenUsage {
    /// Serializes the usage in the format of the Responses API.
    public var responseJSON: JSON {
        [
            "input_tokens": .integer(prompt), "input_tokens_details": ["cached_tokens": 0, "cache_write_tokens": 0],
            "output_tokens": .integer(completion), "output_tokens_details": ["reasoning_tokens": 0],
            "total_tokens": .integer(total),
        ]
    }
}
