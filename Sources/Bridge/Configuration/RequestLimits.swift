/// The bridge's own limits. Some can be lowered or raised per server: see ``BridgeServerSettings``.
public enum RequestLimits {
    /// Maximum length of a line of the protocol in either direction, in bytes, without its end.
    public static let lineBytes = 8 << 20
    /// How many calls of one command run at once. Further ones wait.
    static let concurrentCallsPerCommand = 8
    /// How many calls of one server process run at once. Further ones wait.
    static let concurrentCallsPerServer = 16
    /// How many of these are one user's: with a server that all users share, some are left for others.
    static let concurrentCallsPerUser = 12
    /// How many requests of one connection may be open.
    static let openRequests = 256
    /// How many calls one command may make.
    public static let callsPerCommand = 500
    /// How many calls of one command start per second. Further ones wait.
    static let callsPerSecond = 100.0
    /// How many requests of one command start per second that look something up: lists, searches, unknown names.
    static let lookupsPerSecond = 100.0
    /// How many bytes the calls of one command may transfer, arguments and results together.
    public static let bytesPerCommand = 256 << 20
    /// Maximum length of the name of a server or tool, in bytes. Tools with longer ones are not offered.
    static let nameBytes = 1024
    /// Maximum length of a search's query in bytes.
    static let queryBytes = 2000
    /// How many refused calls of one command are logged.
    static let loggedRefusals = 100
    /// Seconds after which background processes have the limits of a command anew. They share them.
    static let backgroundSeconds = 60.0
    /// How many connections of one sandbox may be open. The guest keeps to half of that.
    static let connections = 128
    /// Seconds for which a background process that doesn't read an answer keeps the turn of the call.
    static let unreadTurnSeconds = 10.0
    /// Bytes of unread answers at which a connection stops accepting requests.
    static let unreadBytes = 4 << 20
    /// Bytes of unread answers of one sandbox. Beyond that, the connection whose client hasn't read for longest ends.
    public static let unreadBytesPerSandbox = 64 << 20
    /// Bytes of requests that a server has not read. Beyond that, it gets no more.
    static let unreadRequestBytesPerServer = 64 << 20
    /// Bytes of memory that the requests of one sandbox use until they are answered. Beyond that, connections stop
    /// reading.
    public static let requestBytesPerSandbox = 64 << 20
    /// How much of it each connection has for itself, beside the others.
    static let ownRequestBytes = 256 << 10
    /// Bytes from which on an unfinished line is a long one.
    static let longLineBytes = 64 << 10
    /// How many long lines of one sandbox are read at once.
    static let longLines = 4
    /// Seconds after which a connection ends whose long line isn't complete while others wait.
    static let longLineSeconds = 10.0
    /// Seconds that commands and prompts wait, from the first wait on, for servers that have never listed their tools.
    /// The tools of slower ones come with a later command.
    public static let listingSeconds = 5.0
    /// Seconds that callers wait for a server to start and to list its tools.
    static let startSeconds = 60.0
}
