public import JSON

/// A client's request to the Responses API: the body of `POST /responses`.
///
/// Like ``ClientRequest``, parsed strictly if a mistake would change the meaning, and leniently if the meaning is clear.
public struct ResponseRequest: Sendable, Equatable {
    /// The model's name; `nil` if the client leaves the choice to the server.
    public let model: String?
    /// Instructions for this response alone; `nil` for none.
    public let instructions: String?
    /// What is said.
    public let input: ResponseInput
    /// The id of the response that this one continues; `nil` for none.
    public let previousID: String?
    /// Whether to stream the response.
    public let isStreamed: Bool
    /// Whether to keep the response for later requests.
    public let isStored: Bool
    /// Whether the response is worked on after the request, until it is done or cancelled.
    public let isBackground: Bool
    /// The end user's id; `nil` if the client sends none.
    public let user: String?
    /// What the response repeats of the request.
    public let repeated: JSONObject
    /// All other members, in the form of the Chat Completions API, not validated.
    public let parameters: JSONObject

    private static let ownMembers: Set<String> = [
        "model", "input", "instructions", "previous_response_id", "stream", "stream_options", "store", "background",
        "user", "metadata", "conversation", "prompt", "text", "reasoning", "max_output_tokens", "include",
        // About the service of the API's own provider.
        "truncation", "max_tool_calls", "context_management", "client_metadata",
    ]
    private static let repeatedMembers = [
        "instructions", "max_output_tokens", "metadata", "previous_response_id", "reasoning", "temperature", "text",
        "top_p", "truncation", "user",
    ]

    /// Parses a body.
    ///
    /// - Throws: ``FormatError``, which names the invalid member.
    public init(parsing body: JSON) throws(FormatError) {
        let root = Field(body)
        let members = try root.object()
        for (name, advice) in [
            ("conversation", "continue a response with 'previous_response_id', or send the items as 'input'"),
            ("prompt", "send the text of the prompt as 'instructions' and 'input'"),
        ] where !root[name].isNull {
            throw root[name].failure("isn't supported: \(advice)")
        }
        let model = try root["model"].optionalString()
        self.model = model == "" ? nil : model
        instructions = try Self.instructions(root["instructions"])
        input = try ResponseInput(parsing: root["input"])
        let previousID = try root["previous_response_id"].optionalString()
        self.previousID = previousID == "" ? nil : previousID
        isStreamed = try root["stream"].flag()
        isStored = root["store"].isNull ? true : try root["store"].flag()
        isBackground = try root["background"].flag()
        user = try root["user"].optionalWord()
        parameters = try Self.parameters(members, root)
        repeated = Self.repeatedMembers.reduce(into: [:]) { $0[$1] = members.given($1) }
    }

    /// Instructions may also be a list of messages, as some libraries send them.
    private static func instructions(_ field: Field) throws(FormatError) -> String? {
        guard field.value.arrayValue != nil else { return try field.optionalString() }
        return try ResponseInput(parsing: field).messages().map(\.text).joined(separator: "\n\n")
    }

    /// Returns the members that concern the model, under the names of the Chat Completions API.
    private static func parameters(_ members: JSONObject, _ root: Field) throws(FormatError) -> JSONObject {
        var rest = members
        for member in ownMembers { rest[member] = nil }
        rest["max_completion_tokens"] = members.given("max_output_tokens")
        if !root["reasoning"].isNull {
            rest["reasoning_effort"] = try root["reasoning"].object().given("effort")
        }
        if !root["text"].isNull {
            let text = try root["text"].object()
            rest["verbosity"] = text.given("verbosity")
            rest["response_format"] = try format(root["text"]["format"])
        }
        let included = try root["include"].elements().map(\.value)
        // Everything else that can be included isn't there.
        if included.contains("message.output_text.logprobs") { rest["logprobs"] = true }
        return rest
    }

    private static func format(_ field: Field) throws(FormatError) -> JSON? {
        guard !field.isNull else { return nil }
        var format = try field.object()
        guard format["type"] == "json_schema", format["json_schema"] == nil else { return .object(format) }
        format["type"] = nil
        return ["type": "json_schema", "json_schema": .object(format)]
    }
}
