import ChildProcess
import Diagnostics

/// Turns the engine's output when it failed into a helpful error.
struct DockerFailure: Sendable {
    private static let messageLimit = 600

    let engine: DockerCLI
    /// The configuration of the sandbox to start. For a query, only its image matters.
    let configuration: SandboxConfiguration
    let end: ChildProcess.End

    /// Creates the failure of a sandbox's start.
    init(engine: DockerCLI, configuration: SandboxConfiguration, end: ChildProcess.End) {
        self.engine = engine
        self.configuration = configuration
        self.end = end
    }

    /// Creates the failure of a query about `image`.
    init(engine: DockerCLI, image: String, end: ChildProcess.End) {
        var configuration = SandboxConfiguration()
        configuration.image = image
        self.init(engine: engine, configuration: configuration, end: end)
    }

    /// The error of a sandbox whose guest never sent its handshake.
    ///
    /// - Parameter printed: what arrived on standard output instead.
    func startError(printed: [UInt8] = []) -> ExecError {
        if let complaint { return error(of: complaint) }
        if !printed.isEmpty { return ExecError.strayOutput(printed, engine: engine.name, end: end.status) }
        return ExecError(
            .engineFailed,
            "The sandbox could not be started (\(end.status)). \(runtimeAdvice ?? "")\(quoted)")
    }

    /// The error of a query.
    var answerError: ExecError {
        if let complaint, Self.complaintsOfQuestions.contains(complaint) { return error(of: complaint) }
        return ExecError(.engineFailed, "The engine refused to answer (\(end.status)). It said: \(messageText)")
    }

    private static let complaintsOfQuestions: [DockerComplaint] = [
        .imageMissing, .contextMissing, .certificateRefused, .accountNotAllowed, .unreachable, .userIDsMissing,
        .flagUnknown,
    ]

    /// The error if the engine could not be reached at all; `nil` for any other failure.
    var unreachableError: ExecError? {
        let complaints: [DockerComplaint] = [.contextMissing, .certificateRefused, .accountNotAllowed, .unreachable]
        guard let complaint, complaints.contains(complaint) else { return nil }
        return error(of: complaint)
    }

    /// The error of a sandbox that had been running.
    var endError: ExecError {
        ExecError(
            .sandboxEnded,
            """
            The sandbox ended during the call (\(summary)). Its processes are gone; files in a persistent \
            /workspace are still there. \(runtimeAdvice ?? "")The next call starts a new sandbox.
            """)
    }

    private var complaint: DockerComplaint? {
        DockerComplaint(String(decoding: end.errorOutput, as: UTF8.self))
    }

    /// A runtime with a kernel of its own exits without a message when it runs into the process limit.
    private var runtimeAdvice: String? {
        guard let runtime = configuration.runtime, end.status == .exited(2) else { return nil }
        return """
            The runtime \(runtime) probably ran out of processes: a runtime with its own kernel needs threads of this \
            machine, which count towards --pids (\(configuration.pids) now): raise it, for example --pids \
            \(max(2 * configuration.pids, SandboxConfiguration.pidsWithRuntime)). 
            """
    }

    /// How the command line ended and what it said, in a few words.
    var summary: String {
        // The status is unknown if another server started it.
        let status = end.status == .exited(-1) ? "exit status unknown" : "\(end.status)"
        return end.errorOutput.isEmpty ? status : "\(status): \(messageText)"
    }

    /// What it said, on one line. If that is long, the last lines: an engine warns first and fails last.
    var messageText: String {
        let lines = end.errorOutput.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
            .map { String(decoding: $0, as: UTF8.self).singleLine(limit: Self.messageLimit) }
            .filter { line in line.contains { !$0.isWhitespace } }
        var text = lines.last ?? "nothing"
        for line in lines.dropLast().reversed() {
            guard text.count + line.count < Self.messageLimit else { break }
            text = line + " " + text
        }
        return text
    }
}
