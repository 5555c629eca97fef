/// How much and how long a server puts up with.
public struct HTTPLimits: Sendable, Equatable {
    /// Bytes of a request's target; more is refused with 414.
    public var targetBytes = 8 * 1024
    /// Bytes of all fields of a head together; more is refused with 431.
    public var headBytes = 32 * 1024
    /// Fields of a head; more are refused with 431.
    public var headerCount = 100
    /// Bytes of a body; more is refused with 413.
    public var bodyBytes = 10 * 1024 * 1024
    /// Bytes of all chunk extensions of a body together.
    public var chunkExtensionBytes = 16 * 1024

    /// Seconds for a head, from its first byte; from the connection's start for the first one.
    public var headSeconds = 10.0
    /// Seconds for a body, from the end of its head.
    public var bodySeconds = 60.0
    /// Seconds that a connection may rest between two requests.
    public var idleSeconds = 75.0
    /// Seconds in which a client has to take 64 KiB, or all that waits for it if that is less.
    public var sendSeconds = 30.0

    /// Requests after which a connection is closed.
    public var requestsPerConnection = 1000
    /// Connections at once. For one more the oldest that has not shown who asks is closed, else an idle one, or it is
    /// refused with 503.
    public var connections = 512
    /// Connections at once of one address. For one more its oldest that has not shown who asks is closed, or it is
    /// refused with 503.
    public var connectionsPerAddress = 128
    /// Connections of one address that may go on for longer than a second without having shown who asks; of more the
    /// oldest are closed.
    public var unknownConnectionsPerAddress = 32

    /// The limits that suit an API for programs.
    public init() {}
}
