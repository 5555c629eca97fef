/// A request to an MCP server failed.
public enum MCPClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The server's program can't be started; with the reason.
    case cannotStart(String)
    /// The server has ended; with its exit status and the end of its standard error.
    case ended(String)
    /// The server can't be reached, doesn't accept or read the request, or the connection broke off: with the reason,
    /// and whether the request may have been carried out. Other requests may succeed.
    case unavailable(String, mayHaveHappened: Bool)
    /// The server responded with a protocol error.
    case refused(code: Int, message: String)
    /// The server violated the protocol; with a description of the fault.
    case malformed(String)
    /// The response is valid MCP, but of a kind that this client doesn't support; with the kind.
    case unsupported(String)
    /// The server didn't respond within the time limit.
    case timedOut(seconds: Double)
    /// Too many requests to this server are pending.
    case tooManyRequests(limit: Int)
    /// The calling task was cancelled.
    case cancelled

    /// The error as a sentence.
    public var description: String {
        switch self {
        case .cannotStart(let reason): "the MCP server cannot be started: \(reason)"
        case .ended(let how): "the MCP server has ended: \(how)"
        case .unavailable(let reason, _): "the MCP server is unavailable: \(reason)"
        case .refused(_, let message): message
        case .malformed(let what): "the MCP server sent an invalid message: \(what)"
        case .unsupported(let what): "the MCP server answered with \(what)"
        case .timedOut(let seconds): "the MCP server did not answer in \(Self.text(seconds)) seconds"
        case .tooManyRequests(let limit): "\(limit) requests to the MCP server are already pending"
        case .cancelled: "the call was cancelled"
        }
    }

    /// The fault, without its originator.
    var reason: String {
        switch self {
        case .malformed(let what), .unsupported(let what), .refused(_, let what), .unavailable(let what, _): what
        default: description
        }
    }

    /// Whether the error concerns one request only, so that the server is available for others.
    var isAnswer: Bool {
        switch self {
        case .refused, .malformed, .unsupported, .timedOut, .unavailable: true
        case .cannotStart, .ended, .tooManyRequests, .cancelled: false
        }
    }

    private static func text(_ seconds: Double) -> String {
        Int(exactly: seconds).map(String.init) ?? String(seconds)
    }
}
