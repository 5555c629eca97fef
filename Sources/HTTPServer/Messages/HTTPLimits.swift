/// Size, time and connection limits of a server.
public struct HTTPLimits: Sendable, Equatable {
    /// Maximum size of a request target in bytes; a longer one is rejected with 414.
    public var targetBytes = 8 * 1024
    /// Maximum total size of a head's fields in bytes; more is rejected with 431.
    public var headBytes = 32 * 1024
    /// Maximum number of fields in a head; more are rejected with 431.
    public var headerCount = 100
    /// Maximum size of a body in bytes; more is rejected with 413.
    public var bodyBytes = 10 * 1024 * 1024
    /// Requests that may have larger bodies than ``bodyBytes``, such as uploads. Only with a `Content-Length`.
    public var largeBodies: [LargeBody] = []
    /// Maximum total size in bytes of such larger bodies that are received or handled at the same time; beyond it, they
    /// are rejected with 503. If clients have shares
    /// (``HTTPServerOptions/clientOfLargeBody``), one has half of it at most, and a client's first ones find room as long
    /// as others have several.
    public var largeBodyBytes = 128 * 1024 * 1024
    /// Maximum total size of a body's chunk extensions in bytes.
    public var chunkExtensionBytes = 16 * 1024

    /// Seconds to receive a head, from its first byte; for the first head, from the start of the connection.
    public var headSeconds = 10.0
    /// Seconds to receive a body, from the end of its head; for one larger than ``bodyBytes`` proportionally more.
    public var bodySeconds = 60.0
    /// Seconds that a connection may stay idle between two requests.
    public var idleSeconds = 75.0
    /// Seconds in which a client must read 64 KiB, or all pending output if that is less.
    public var sendSeconds = 30.0

    /// Number of requests after which a connection is closed.
    public var requestsPerConnection = 1000
    /// Maximum number of concurrent connections. To admit one more, the server closes the oldest one that is still
    /// unidentified, else an idle one; if there is neither, it rejects the new one with 503.
    public var connections = 512
    /// Maximum number of concurrent connections per address. To admit one more, the server closes the oldest one of
    /// that address that is still unidentified; otherwise it rejects the new one with 503.
    public var connectionsPerAddress = 128
    /// Maximum number of connections per address that may stay unidentified for longer than a second; beyond that, the
    /// oldest are closed.
    public var unknownConnectionsPerAddress = 32

    /// Creates limits that suit an API for programs.
    public init() {}

    /// Returns the maximum size of a request's body in bytes.
    func bodyBytes(method: String, path: String) -> Int {
        largeBodies.first { $0.method == method && path.hasPrefix($0.pathPrefix) }.map { max($0.bytes, bodyBytes) }
            ?? bodyBytes
    }
}

/// Requests that may have larger bodies than others.
public struct LargeBody: Sendable, Equatable {
    /// The method of these requests.
    public let method: String
    /// How their paths begin.
    public let pathPrefix: String
    /// Maximum size of such a body in bytes.
    public let bytes: Int

    /// Creates a limit.
    public init(method: String, pathPrefix: String, bytes: Int) {
        self.method = method
        self.pathPrefix = pathPrefix
        self.bytes = bytes
    }
}
