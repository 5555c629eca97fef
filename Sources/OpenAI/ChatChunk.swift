public import JSON

/// One chunk of a streamed answer.
public struct ChatChunk: Sendable, Equatable {
    /// What a chunk adds to the answer.
    public struct Delta: Sendable, Equatable {
        /// The speaker: sent in the first chunk, or by some servers in every one.
        public var role: ChatMessage.Role?
        /// Text to append.
        public var text: String
        /// Tool calls or fragments of them.
        public var toolCalls: [ToolCallPiece]
        /// Members unknown to this library, or fragments of them.
        public var extra: JSONObject

        /// Creates a delta.
        public init(
            role: ChatMessage.Role? = nil, text: String = "", toolCalls: [ToolCallPiece] = [],
            extra: JSONObject = JSONObject()
        ) {
            self.role = role
            self.text = text
            self.toolCalls = toolCalls
            self.extra = extra
        }
    }

    /// The addition; `nil` if `choices` is empty or missing, as in the final chunk with the usage.
    public var delta: Delta?
    /// Why the model stopped; `nil` until it has.
    public var finishReason: FinishReason?
    /// The tokens used; `nil` if the server doesn't say.
    public var usage: TokenUsage?

    /// Creates a chunk.
    public init(delta: Delta?, finishReason: FinishReason? = nil, usage: TokenUsage? = nil) {
        self.delta = delta
        self.finishReason = finishReason
        self.usage = usage
    }
}

/// A fragment of a tool call. Servers differ in every respect: calls arrive in fragments or whole, with or without
/// indexes and ids.
public struct ToolCallPiece: Sendable, Equatable {
    /// The call's index within the answer.
    public var index: Int?
    /// The call's id; `nil` if this fragment has none.
    public var id: String?
    /// The tool's name, or a part of it; `nil` if this fragment has none.
    public var name: String?
    /// Text to append to the arguments.
    public var arguments: String
    /// Whether it is the legacy `function_call`, the predecessor of `tool_calls`.
    public var isLegacy: Bool
    /// Members unknown to this library, or fragments of them; those of `function` are under that key.
    public var extra: JSONObject

    /// Creates a fragment.
    public init(
        index: Int? = nil, id: String? = nil, name: String? = nil, arguments: String = "", isLegacy: Bool = false,
        extra: JSONObject = JSONObject()
    ) {
        self.extra = extra
        self.index = index
        self.id = id
        self.name = name
        self.arguments = arguments
        self.isLegacy = isLegacy
    }
}

// MARK: - Serialization

extension ChatChunk {
    /// Serializes the chunk in the API's format.
    ///
    /// - Parameters:
    ///   - id: the same for all chunks of an answer.
    ///   - created: seconds since 1970, also the same for all chunks.
    ///   - extra: additional members, which clients that don't know them ignore.
    public func json(id: String, created: Int, model: String, extra: JSONObject = JSONObject()) -> JSON {
        var object: JSONObject = [
            "id": .string(id), "object": "chat.completion.chunk", "created": .integer(created),
            "model": .string(model), "choices": [],
        ]
        if let delta {
            object["choices"] = [
                [
                    "index": 0, "delta": delta.json, "logprobs": nil,
                    "finish_reason": finishReason.map { .string($0.word) } ?? .null,
                ]
            ]
        }
        object["usage"] = usage?.json
        for member in extra { object[member.key] = member.value }
        return .object(object)
    }
}

extension ChatChunk.Delta {
    fileprivate var json: JSON {
        var object = JSONObject()
        if let role { object["role"] = .string(role.rawValue) }
        // The first chunk, which has the role, always has a text, even an empty one: some clients concatenate without
        // checking.
        if !text.isEmpty || role != nil { object["content"] = .string(text) }
        if !toolCalls.isEmpty { object["tool_calls"] = .array(toolCalls.map(\.json)) }
        return .object(object)
    }
}

extension ToolCallPiece {
    fileprivate var json: JSON {
        var function: JSONObject = [:]
        if let name { function["name"] = .string(name) }
        function["arguments"] = .string(arguments)
        var object: JSONObject = ["index": .integer(index ?? 0)]
        if let id {
            object["id"] = .string(id)
            object["type"] = "function"
        }
        object["function"] = .object(function)
        return .object(object)
    }
}

// MARK: - Parsing

extension ChatChunk {
    /// Parses a chunk leniently, or a complete answer as one large chunk: missing members and members of an unexpected
    /// type are ignored. Only the choice with index 0 counts.
    ///
    /// - Throws: ``FormatError`` if the body cannot be a chunk at all.
    public init(parsing body: JSON) throws(FormatError) {
        let root = Field(body)
        guard try !root.object().isEmpty else { throw root.failure("is empty") }
        usage = TokenUsage(parsing: body["usage"])
        let choices = try root["choices"].elements()
        guard let choice = choices.first(where: { Self.number($0.value["index"]) ?? 0 == 0 }) else {
            // Empty choices, or only those with another index, are valid, but at least one known member must be
            // present.
            guard !choices.isEmpty || body["choices"] != nil || usage != nil || body["object"] != nil else {
                throw root["choices"].mismatch("an array")
            }
            return
        }
        _ = try choice.object()
        delta = Delta(parsing: choice.value["delta"]?.objectValue ?? choice.value["message"]?.objectValue ?? [:])
        let reason = choice.value["finish_reason"]?.stringValue ?? ""
        // Some servers send a word instead of null.
        if !["", "null", "none"].contains(reason.lowercased()) { finishReason = FinishReason(word: reason) }
    }

    /// Parses a number, which some servers send as a string.
    fileprivate static func number(_ value: JSON?) -> Int? {
        value?.integerValue ?? value?.numberValue.flatMap { abs($0) < 1e9 ? Int($0) : nil }
            ?? value?.stringValue.flatMap { Int($0) }
    }
}

extension ChatChunk.Delta {
    /// Known members, and those that describe an answer but aren't accepted in a request.
    private static let ownMembers: Set<String> = [
        "role", "content", "refusal", "tool_calls", "function_call", "name", "annotations", "audio", "logprobs",
        "finish_reason", "index", "usage",
    ]

    fileprivate init(parsing object: JSONObject) {
        role = object["role"]?.stringValue.flatMap(ChatMessage.Role.init(rawValue:))
        text = Self.text(of: object["content"]) + (object["refusal"]?.stringValue ?? "")
        let calls = object["tool_calls"]
        // A call outside an array is the only one.
        toolCalls = (calls?.arrayValue ?? calls.map { [$0] } ?? []).compactMap { ToolCallPiece(parsing: $0) }
        if let call = object["function_call"], let piece = ToolCallPiece(function: call) { toolCalls.append(piece) }
        extra = object.without(Self.ownMembers)
        let thoughts = (object["content"]?.arrayValue ?? []).filter { $0["type"]?.stringValue == "thinking" }
        if !thoughts.isEmpty { extra["content"] = .array(thoughts) }
    }

    /// Returns a text, or the concatenated texts of an array of parts.
    private static func text(of content: JSON?) -> String {
        switch content {
        case .string(let text): text
        case .array(let parts):
            parts.map { part in
                ["text", "output_text"].contains(part["type"]?.stringValue) ? part["text"]?.stringValue ?? "" : ""
            }.joined()
        default: ""
        }
    }
}

extension ToolCallPiece {
    fileprivate init?(parsing value: JSON) {
        guard let object = value.objectValue else { return nil }
        let isFlat = value["function"]?.objectValue == nil
        let function = isFlat ? value : value["function"]
        self.init(
            index: ChatChunk.number(value["index"]), id: Self.word(value["id"]), name: Self.word(function?["name"]),
            arguments: Self.text(of: function?["arguments"]))
        let own: Set<String> = ["index", "id", "type", "function"]
        extra = object.without(isFlat ? own.union(["name", "arguments"]) : own)
        if let function = value["function"]?.objectValue?.without(["name", "arguments"]), !function.isEmpty {
            extra["function"] = .object(function)
        }
    }

    fileprivate init?(function: JSON) {
        guard function.objectValue != nil else { return nil }
        self.init(
            name: Self.word(function["name"]), arguments: Self.text(of: function["arguments"]), isLegacy: true)
    }

    private static func word(_ value: JSON?) -> String? {
        value?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Some servers send the arguments as an object instead of a string.
    private static func text(of arguments: JSON?) -> String {
        switch arguments {
        case .string(let text): text
        case .object(let object): JSON.object(object).text
        default: ""
        }
    }
}

extension JSONObject {
    /// Returns the members other than those named, without null values.
    fileprivate func without(_ names: Set<String>) -> JSONObject {
        var rest = JSONObject()
        for member in self where !names.contains(member.key) && member.value != .null {
            rest[member.key] = member.value
        }
        return rest
    }
}
