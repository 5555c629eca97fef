public import JSON

/// A client's request to an endpoint of this API: the body of `POST /chat/completions`.
///
/// Parsed strictly if a mistake would change the meaning, and leniently if the meaning is clear.
public struct ClientRequest: Sendable, Equatable {
    /// The model's name; `nil` if the client leaves the choice to the server.
    public var model: String?
    /// The conversation. Never empty.
    public var messages: [ChatMessage]
    /// Whether to stream the answer.
    public var isStreamed: Bool
    /// Whether to end the stream with the usage.
    public var includesUsage: Bool
    /// The end user's id; `nil` if the client sends none.
    public var user: String?
    /// All other members of the body, not validated: `temperature`, `n`, `tools` and so on.
    public var parameters: JSONObject

    private static let ownMembers: Set<String> = ["model", "messages", "stream", "stream_options", "user"]

    /// Parses a body.
    ///
    /// - Throws: ``FormatError``, which names the invalid member.
    public init(parsing body: JSON) throws(FormatError) {
        let root = Field(body)
        var rest = try root.object()
        for member in Self.ownMembers { rest[member] = nil }
        parameters = rest
        model = try root["model"].optionalString()
        if model == "" { model = nil }
        if root["messages"].isNull { throw root["messages"].mismatch("an array") }
        messages = try ChatHistory.messages(root["messages"].elements())
        if messages.isEmpty { throw root["messages"].failure("must have at least one message") }
        isStreamed = try root["stream"].flag()
        includesUsage = (try? root["stream_options"]["include_usage"].flag()) ?? false
        user = try root["user"].optionalWord()
    }
}
