public import MCPClient

/// A tool server could not be used.
public enum SupervisionError: Error, Sendable, Equatable {
    /// It couldn't be started, or must not be restarted yet; with the reason.
    case toStart(String)
    /// It was running, and a request failed.
    case inUse(MCPClientError)
    /// It didn't list its tools or resources within the limit, but may still do so. `said` is the last it wrote to
    /// standard error, or empty.
    case late(seconds: Double, said: String)
    /// The calling task was cancelled while the server was starting.
    case cancelled

    /// Returns a message for people: what happened and what to do.
    public func error(of server: String) -> ToolServerError {
        switch self {
        case .toStart(let reason):
            ToolServerError(message: "The tool server \(server) cannot be started: \(reason)")
        case .inUse(let error):
            ToolServerError(message: "The tool server \(server): \(error)")
        case .late:
            ToolServerError(message: "The tool server \(server) \(lateness): its tools are missing until it does")
        case .cancelled:
            ToolServerError(message: "The tool server \(server): \(MCPClientError.cancelled)")
        }
    }

    /// States, as part of a sentence, that it didn't answer in time; empty for other failures.
    public var lateness: String {
        guard case .late(let seconds, let said) = self else { return "" }
        let time = Int(exactly: seconds).map(String.init) ?? String(seconds)
        return "has not answered in \(time) seconds" + (said.isEmpty ? "" : "; it last said: \(said)")
    }
}
