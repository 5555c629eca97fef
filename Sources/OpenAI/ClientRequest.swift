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
        messages = try ChatHistory.messages(root["messages"])
        if messages.isEmpty { throw root["messages"].failure("must have at least one message") }
        isStreamed = try root["stream"].flag()
        includesUsage = (try? root["stream_options"]["include_usage"].flag()) ?? false
        user = try root["user"].optionalWord()
    }
}
