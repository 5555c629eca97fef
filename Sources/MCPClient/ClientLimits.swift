/// What a client waits for and takes from a server at most.
public struct ClientLimits: Sendable, Equatable {
    /// Seconds for the answer to `server/discover`; a server that is silent so long is taken for one that does not know
    /// it (2026-07-28, basic/transports/stdio).
    public var probeSeconds = 10.0
    /// Seconds for the answer to any other request but `tools/call`, and for all pages of a list together. What comes
    /// meanwhile gives no more time.
    public var requestSeconds = 60.0
    /// Seconds between the steps of ending a server: its input is closed, SIGTERM, SIGKILL.
    public var closingSeconds = 2.0
    /// Bytes of one line from the server.
    public var lineBytes = 100_000_000
    /// Values in one line, members and elements included: `[0,0,…]` takes many times its length in memory.
    public var lineValues = 1_000_000
    /// Requests that wait for an answer at once.
    public var requestsInFlight = 1024
    /// Bytes that wait because the server does not read.
    public var unreadBytes = 256_000_000
    /// Answers to the server's own requests that wait because it does not read; those beyond are not given.
    public var unreadAnswers = 1000
    /// Questions of a legacy server that wait for the user at once; more are refused.
    public var unansweredQuestions = 16
    /// How often a request is repeated because a modern server asks for input.
    public var inputRounds = 16
    /// Pages of one list; those beyond are left out.
    public var pages = 200
    /// Elements of one list; those beyond are left out.
    public var elements = 10_000

    /// The usual limits.
    public init() {}
}
