public import JSON

/// One piece of a streamed answer.
public struct ChatChunk: Sendable, Equatable {
    /// What a piece adds to the answer.
    public struct Delta: Sendable, Equatable {
        /// Who speaks: said in the first piece, by some servers in each.
        public var role: ChatMessage.Role?
        /// Text that follows what came before.
        public var text: String
        /// Tool calls and parts of them.
        public var toolCalls: [ToolCallPiece]
        /// Members that this library does not know, or parts of them.
        public var extra: JSONObject

        /// A delta.
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

    /// What it adds; `nil` where there are no `choices`, as with the usage at the end.
    public var delta: Delta?
    /// Why the model stopped, once it has.
    public var finishReason: FinishReason?
    /// What the answer cost, as far as the server says.
    public var usage: TokenUsage?

    /// A chunk.
    public init(delta: Delta?, finishReason: FinishReason? = nil, usage: TokenUsage? = nil) {
        self.delta = delta
        self.finishReason = finishReason
        self.usage = usage
    }
}

/// Part of a tool call. Servers differ in all of it: calls come in pieces or whole, with and without numbers and ids.
public struct ToolCallPiece: Sendable, Equatable {
    /// Which call of the answer it belongs to.
    public var index: Int?
    /// The call's id.
    public var id: String?
    /// The tool's name.
    public var name: String?
    /// The next piece of the arguments.
    public var arguments: String
    /// Whether it is the one call of the time before there were `tool_calls`.
    public var isLegacy: Bool
    /// Members that this library does not know, or parts of them; those of `function` under that name.
    public var extra: JSONObject

    /// A piece.
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

// MARK: - Writing

extension ChatChunk {
    /// The chunk as the API writes it.
    ///
    /// - Parameters:
    ///   - id: the same for all chunks of an answer.
    ///   - created: seconds since 1970, likewise.
    ///   - extra: further members, which clients that do not know them pass over.
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
        // The first piece, which says the role, has a text even if it is empty: some clients add up without a check.
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

// MARK: - Reading

extension ChatChunk {
    /// Reads a chunk leniently, or a whole answer as one large chunk: what is missing or of a strange type counts as not
    /// said. Of several choices the first counts.
    ///
    /// - Throws: ``FormatError`` where the body cannot be a chunk at all.
    public init(parsing body: JSON) throws(FormatError) {
        let root = Field(body)
        guard try !root.object().isEmpty else { throw root.failure("is empty") }
        usage = TokenUsage(parsing: body["usage"])
        let choices = try root["choices"].elements()
        guard let choice = choices.first(where: { Self.number($0.value["index"]) ?? 0 == 0 }) else {
            // A chunk may have none, or another choice's, but something must be what we know.
            guard !choices.isEmpty || body["choices"] != nil || usage != nil || body["object"] != nil else {
                throw root["choices"].mismatch("an array")
            }
            return
        }
        _ = try choice.object()
        delta = Delta(parsing: choice.value["delta"]?.objectValue ?? choice.value["message"]?.objectValue ?? [:])
        let reason = choice.value["finish_reason"]?.stringValue ?? ""
        // Some servers write a word for none.
        if !["", "null", "none"].contains(reason.lowercased()) { finishReason = FinishReason(word: reason) }
    }

    /// A number, which some servers write as a text.
    fileprivate static func number(_ value: JSON?) -> Int? {
        value?.integerValue ?? value?.numberValue.flatMap { abs($0) < 1e9 ? Int($0) : nil }
            ?? value?.stringValue.flatMap { Int($0) }
    }
}

extension ChatChunk.Delta {
    /// Members that are known, and those that say something about an answer which no request takes.
    private static let ownMembers: Set<String> = [
        "role", "content", "refusal", "tool_calls", "function_call", "name", "annotations", "audio", "logprobs",
        "finish_reason", "index", "usage",
    ]

    fileprivate init(parsing object: JSONObject) {
        role = object["role"]?.stringValue.flatMap(ChatMessage.Role.init(rawValue:))
        text = Self.text(of: object["content"]) + (object["refusal"]?.stringValue ?? "")
        let calls = object["tool_calls"]
        // One that is in no list is the only one.
        toolCalls = (calls?.arrayValue ?? calls.map { [$0] } ?? []).compactMap { ToolCallPiece(parsing: $0) }
        if let call = object["function_call"], let piece = ToolCallPiece(function: call) { toolCalls.append(piece) }
        extra = object.without(Self.ownMembers)
    }

    /// A text, or those of a list of parts.
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

    /// Some servers write the arguments as the object that they ought to say.
    private static func text(of arguments: JSON?) -> String {
        switch arguments {
        case .string(let text): text
        case .object(let object): JSON.object(object).text
        default: ""
        }
    }
}

extension JSONObject {
    /// The members with other names, without those that are null.
    fileprivate func without(_ names: Set<String>) -> JSONObject {
        var rest = JSONObject()
        for member in self where !names.contains(member.key) && member.value != .null {
            rest[member.key] = member.value
        }
        return rest
    }
}
