import MCP
import MCPClient
import MCPServers

/// What a tool returned.
struct ToolOutcome: Sendable, Equatable {
    /// For the model to read.
    var content: [ContentBlock]
    /// Whether the tool could not do what was asked.
    var isError = false
    /// Exit code of a command; `nil` for other tools.
    var exitCode: Int?

    /// A failure that the model is to read.
    static func failure(_ message: String) -> ToolOutcome {
        ToolOutcome(content: [.text(message)], isError: true)
    }
}

extension SupervisionError {
    /// What came of a call of `tool`, for the model.
    func outcome(of tool: String, on server: String) -> ToolOutcome {
        switch self {
        case .inUse(.refused(_, let message)):
            .failure("The call of \(tool) was refused: \(message)")
        case .inUse(.ended(let how)):
            .failure(
                """
                The tool server \(server) ended while \(tool) was running (\(how)). What the call had done by then is not \
                known; the next call starts the server again.
                """)
        case .inUse(.timedOut(let seconds)):
            .failure("\(tool) did not answer in \(Int(seconds)) seconds and was given up.")
        case .toStart(let reason):
            .failure("\(tool) cannot be called now: the tool server \(server) cannot be started: \(reason)")
        case .late:
            .failure("\(tool) cannot be called now: the tool server \(server) \(lateness)")
        case .inUse(.cancelled), .cancelled:
            .failure("The call of \(tool) was cancelled.")
        case .inUse(let error):
            .failure("The call of \(tool) failed: \(error)")
        }
    }
}
