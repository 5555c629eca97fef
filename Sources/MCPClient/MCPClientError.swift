/// An MCP server did not do what it was asked.
public enum MCPClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The server's program cannot be started; with the reason.
    case cannotStart(String)
    /// The server has ended; with how, and the last that it said on standard error.
    case ended(String)
    /// The server answered with an error of the protocol.
    case refused(code: Int, message: String)
    /// What the server sent breaks the protocol; with what is wrong.
    case malformed(String)
    /// The server's answer is MCP, but of a kind that this client does not know; with what kind.
    case unsupported(String)
    /// The server did not answer in so many seconds.
    case timedOut(seconds: Double)
    /// So many requests wait for this server's answers already.
    case tooManyRequests(limit: Int)
    /// The calling task was cancelled.
    case cancelled

    /// The error in words.
    public var description: String {
        switch self {
        case .cannotStart(let reason): "the MCP server cannot be started: \(reason)"
        case .ended(let how): "the MCP server has ended: \(how)"
        case .refused(_, let message): message
        case .malformed(let what): "the MCP server sent something that is not MCP: \(what)"
        case .unsupported(let what): "the MCP server answered with \(what)"
        case .timedOut(let seconds): "the MCP server did not answer in \(Self.text(seconds)) seconds"
        case .tooManyRequests(let limit): "\(limit) requests wait for the MCP server already"
        case .cancelled: "the call was cancelled"
        }
    }

    /// What is wrong, without who did it.
    var reason: String {
        switch self {
        case .malformed(let what), .unsupported(let what), .refused(_, let what): what
        default: description
        }
    }

    /// Whether it is about one request, and the server is there for others.
    var isAnswer: Bool {
        switch self {
        case .refused, .malformed, .unsupported, .timedOut: true
        case .cannotStart, .ended, .tooManyRequests, .cancelled: false
        }
    }

    private static func text(_ seconds: Double) -> String {
        Int(exactly: seconds).map(String.init) ?? String(seconds)
    }
}
