public import JSON

/// What a client asks of an endpoint that speaks this API: the body of `POST /chat/completions`.
///
/// Read strictly where a mistake would change what is asked, and leniently where it is plain what is meant.
public struct ClientRequest: Sendable, Equatable {
    /// The model's name; `nil` where the client leaves the choice.
    public var model: String?
    /// The conversation. It has at least one message.
    public var messages: [ChatMessage]
    /// Whether the answer is to be streamed.
    public var isStreamed: Bool
    /// Whether the stream is to end with what the answer cost.
    public var includesUsage: Bool
    /// Who is served; `nil` where the client does not say.
    public var user: String?
    /// All other members of the body, unread: `temperature`, `n`, `tools` and so on.
    public var parameters: JSONObject

    private static let ownMembers: Set<String> = ["model", "messages", "stream", "stream_options", "user"]

    /// Reads a body.
    ///
    /// - Throws: ``FormatError`` that names the member at fault.
    public init(parsing body: JSON) throws(FormatError) {
        let root = Field(body)
        var rest = try root.object()
        for member in Self.ownMembers { rest[member] = nil }
        parameters = rest
        model = try root["model"].optionalString()
        if model == "" { model = nil }
        if root["messages"].isNull { throw root["messages"].mismatch("an array") }
        messages = []
        let all = try root["messages"].elements()
        for (place, message) in all.enumerated() {
            // A person who is asked to say something must have said it; what else says nothing is passed over.
            let isLast = place == all.count - 1
            if let message = try ChatMessage(parsing: message, mayBeEmpty: !isLast) { messages.append(message) }
        }
        if messages.isEmpty { throw root["messages"].failure("must have at least one message") }
        isStreamed = try root["stream"].flag()
        let options = root["stream_options"]
        if !options.isNull { _ = try options.object() }
        includesUsage = try options["include_usage"].flag()
        user = try root["user"].optionalString()
    }
}

extension ChatMessage {
    /// `nil` for a turn that says nothing, such as an answer that was stopped before its first word.
    init?(parsing field: Field, mayBeEmpty: Bool) throws(FormatError) {
        _ = try field.object()
        let name = try field["role"].string()
        guard let role = Role(rawValue: name) else {
            throw field["role"].failure("must be one of \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        var calls: [ToolCall] = []
        for call in try field["tool_calls"].elements() { calls.append(try ToolCall(parsing: call)) }
        if role != .assistant, !calls.isEmpty {
            throw field["tool_calls"].failure("may stand in messages of the assistant only")
        }
        var content = try ContentPart.parts(of: field["content"])
        if content == nil, role == .assistant, let refusal = try field["refusal"].optionalString() {
            content = [.text(refusal)]
        }
        if role == .tool { content = content ?? [] }
        if content == [.text("")], !calls.isEmpty { content = [] }
        if role == .assistant, calls.isEmpty, content?.allSatisfy({ $0 == .text("") }) ?? true { return nil }
        if content == nil, calls.isEmpty {
            guard mayBeEmpty || role != .user else { throw field["content"].mismatch("a string or an array of parts") }
            return nil
        }
        self.init(
            role: role, content: content ?? [], toolCalls: calls,
            toolCallID: role == .tool ? try field["tool_call_id"].string() : nil,
            name: try field["name"].optionalString())
    }
}

extension ContentPart {
    /// The parts of a message; nil where it has no content.
    fileprivate static func parts(of content: Field) throws(FormatError) -> [ContentPart]? {
        switch content.value {
        case .null: return nil
        case .string(let text): return [.text(text)]
        case .array:
            var parts: [ContentPart] = []
            for part in try content.elements() { parts.append(try ContentPart(parsing: part)) }
            return parts
        default: throw content.mismatch("a string or an array of parts")
        }
    }

    private init(parsing field: Field) throws(FormatError) {
        _ = try field.object()
        switch try field["type"].string() {
        case "text": self = .text(try field["text"].string())
        case "refusal": self = .text(try field["refusal"].string())
        case "image_url": self = .imageURL(try field["image_url"]["url"].string())
        default: throw field["type"].failure("must be text or image_url: no other content is taken here")
        }
    }
}

extension ToolCall {
    fileprivate init(parsing field: Field) throws(FormatError) {
        _ = try field.object()
        if let type = try field["type"].optionalString(), type != "function" {
            throw field["type"].failure("must be function")
        }
        self.init(
            id: try field["id"].string(), name: try field["function"]["name"].string(),
            arguments: try field["function"]["arguments"].string())
    }
}
