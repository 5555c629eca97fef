/// The time, memory and request limits that a client applies to a server.
public struct ClientLimits: Sendable, Equatable {
    /// Seconds to wait for the response to `server/discover`; a server that stays silent is assumed not to support it
    /// (2026-07-28, basic/transports/stdio).
    public var probeSeconds = 10.0
    /// Seconds to wait for the response to any other request except `tools/call`, and for all pages of a list
    /// together. Progress doesn't extend the limit.
    public var requestSeconds = 60.0
    /// Seconds between the steps of stopping a server: close its input, SIGTERM, SIGKILL. Over HTTP: seconds to send
    /// the messages that are queued when the connection is closed.
    public var closingSeconds = 2.0
    /// Seconds to wait for the body of an HTTP error after its head.
    public var errorBodySeconds = 10.0
    /// Seconds before a stream of changes that has ended is opened again: from the first delay to the longest, each
    /// twice the one before. A stream that has lasted for the longest delay resets it.
    public var reopeningSeconds = 1.0...60.0
    /// Maximum length of one line from the server in bytes.
    public var lineBytes = 100_000_000
    /// Maximum number of values in one line, members and elements included: `[0,0,…]` needs many times its length in
    /// memory.
    public var lineValues = 1_000_000
    /// Maximum number of concurrent requests.
    public var requestsInFlight = 1024
    /// Maximum number of bytes queued while the server doesn't read.
    public var unreadBytes = 256_000_000
    /// Maximum number of responses to the server's own requests queued while it doesn't read; further ones are
    /// dropped.
    public var unreadAnswers = 1000
    /// Maximum number of a legacy server's questions that wait for the user; further ones are refused.
    public var unansweredQuestions = 16
    /// Maximum number of times a request is repeated because a modern server asks for input.
    public var inputRounds = 16
    /// Maximum number of pages of one list; further ones are ignored.
    public var pages = 200
    /// Maximum number of elements of one list; further ones are ignored.
    public var elements = 10_000

    /// The default limits.
    public init() {}
}
