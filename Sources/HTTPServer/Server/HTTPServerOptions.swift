/// Options of a server besides its handler.
public struct HTTPServerOptions: Sendable {
    /// Size, time and connection limits.
    public var limits = HTTPLimits()

    /// Inspects the head of a request before its body is read. If it returns a response, the request is rejected: the
    /// response is sent and the connection closed. Must neither block nor return a streamed response. By default
    /// nothing is rejected.
    public var onRequestHead: @Sendable (HTTPRequest, RemoteAddress) -> HTTPResponse? = { _, _ in nil }

    /// Whether the head of an accepted request identifies its client. A connection without such a head may be closed
    /// in favor of others: see ``HTTPLimits/unknownConnectionsPerAddress``. By default any head identifies the client.
    public var isKnown: @Sendable (HTTPRequest) -> Bool = { _ in true }

    /// Returns the name of the client whose share of ``HTTPLimits/largeBodyBytes`` a large body counts toward; `nil` if
    /// clients have no shares.
    public var clientOfLargeBody: (@Sendable (HTTPRequest) -> String)?

    /// Returns the response to a request that the server itself rejects. By default the reason as plain text.
    public var refusal: @Sendable (HTTPError) -> HTTPResponse = { HTTPResponse(status: $0.status, text: $0.reason) }

    /// Receives one-line messages for the operator. By default they are discarded.
    public var log: @Sendable (String) -> Void = { _ in }

    /// Creates the default options.
    public init() {}
}
