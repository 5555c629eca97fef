/// How a server treats what comes, besides its handler.
public struct HTTPServerOptions: Sendable {
    /// How much and how long it puts up with.
    public var limits = HTTPLimits()

    /// Looks at the head of a request before anything of its body is taken. A response refuses the request: it is sent
    /// and the connection closed. Must not block, and must not stream. By default nothing is refused.
    public var screen: @Sendable (HTTPRequest, RemoteAddress) -> HTTPResponse? = { _, _ in nil }

    /// Whether the head of a request that is let in shows who asks. A connection without such a head has to make room
    /// for others: see ``HTTPLimits/unknownConnectionsPerAddress``. By default any head does.
    public var isKnown: @Sendable (HTTPRequest) -> Bool = { _ in true }

    /// What a client is told of a request that the server itself refuses. By default the reason in plain text.
    public var refusal: @Sendable (HTTPError) -> HTTPResponse = { HTTPResponse(status: $0.status, text: $0.reason) }

    /// Hears in one line what whoever runs the server ought to know. By default nobody.
    public var log: @Sendable (String) -> Void = { _ in }

    /// The defaults.
    public init() {}
}
