import JSON
import MCP
import MCPClient
import MCPServers

/// The result of a tool call.
struct ToolOutcome: Sendable, Equatable {
    /// Content for the model.
    var content: [ContentBlock]
    /// Whether the tool failed.
    var isError = false
    /// The exit code of a command; `nil` for other tools.
    var exitCode: Int?
    /// The streams of a command; `nil` for other tools.
    var streams: Streams?
    /// What exec-mcp says about a command besides; `nil` if it says nothing.
    var report: CommandReport?

    /// What a command wrote.
    struct Streams: Sendable, Equatable {
        let standardOutput: String
        let standardError: String
        /// Whether the command was ended because it took too long.
        let isTimedOut: Bool
        /// Whether a part is left out.
        let isTruncated: Bool
    }

    /// Creates a failure with a message for the model.
    static func failure(_ message: String) -> ToolOutcome {
        ToolOutcome(content: [.text(message)], isError: true)
    }
}

extension SupervisionError {
    /// Returns the outcome of a failed call of `tool`, for the model.
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
            .failure("\(tool) did not answer in \(Int(seconds)) seconds and was abandoned.")
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

extension ToolOutcome.Streams {
    /// Creates the streams of a structured result; `nil` if it isn't that of a command.
    init?(_ result: JSON?) {
        guard let output = result?["stdout"]?.stringValue, let errors = result?["stderr"]?.stringValue else {
            return nil
        }
        standardOutput = output
        standardError = errors
        isTimedOut = result?["timed_out"] == true
        isTruncated = result?["truncated"] == true
    }
}
