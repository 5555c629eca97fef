import MCPClient

/// A tool server could not be used.
enum ToolServerFailure: Error, Sendable, Equatable {
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
    func error(of server: String) -> ToolServerError {
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

    private var lateness: String {
        guard case .late(let seconds, let said) = self else { return "" }
        let time = Int(exactly: seconds).map(String.init) ?? String(seconds)
        return "has not answered in \(time) seconds" + (said.isEmpty ? "" : "; it last said: \(said)")
    }
}
