public import MCPClient

/// A tool server could not be used.
public enum SupervisionError: Error, Sendable, Equatable {
    /// It could not be started, or must not be again yet; with the reason.
    case toStart(String)
    /// It was there, and this went wrong.
    case inUse(MCPClientError)
    /// It has not said in so many seconds what it has; with the last that it said on standard error, else empty. It may
    /// do yet.
    case late(seconds: Double, said: String)
    /// The calling task was cancelled while the server was being started.
    case cancelled

    /// What happened and what to do, for a person.
    public func error(of server: String) -> ToolServerError {
        switch self {
        case .toStart(let reason):
            ToolServerError(message: "The tool server \(server) cannot be started: \(reason)")
        case .inUse(let error):
            ToolServerError(message: "The tool server \(server): \(error)")
        case .late:
            ToolServerError(message: "The tool server \(server) \(lateness): it is done without until it does")
        case .cancelled:
            ToolServerError(message: "The tool server \(server): \(MCPClientError.cancelled)")
        }
    }

    /// That it has not answered in time, as part of a sentence; empty for other failures.
    public var lateness: String {
        guard case .late(let seconds, let said) = self else { return "" }
        let time = Int(exactly: seconds).map(String.init) ?? String(seconds)
        return "has not answered in \(time) seconds" + (said.isEmpty ? "" : "; it last said: \(said)")
    }
}
