import ChildProcess
import Diagnostics

/// What the engine's command line said when it ended, turned into words that help.
struct DockerFailure: Sendable {
    private static let saidLimit = 600

    let engine: DockerCLI
    /// What was to be started; the image alone counts for a question.
    let configuration: SandboxConfiguration
    let end: ChildProcess.End

    /// The failure of a sandbox to start.
    init(engine: DockerCLI, configuration: SandboxConfiguration, end: ChildProcess.End) {
        self.engine = engine
        self.configuration = configuration
        self.end = end
    }

    /// The failure of a question about `image`.
    init(engine: DockerCLI, image: String, end: ChildProcess.End) {
        var configuration = SandboxConfiguration()
        configuration.image = image
        self.init(engine: engine, configuration: configuration, end: end)
    }

    /// The failure of a sandbox that never said hello.
    ///
    /// - Parameter printed: what came on standard output instead.
    func startError(printed: [UInt8] = []) -> ExecError {
        if let complaint { return error(of: complaint) }
        if !printed.isEmpty { return ExecError.strayOutput(printed, engine: engine.program, end: end.status) }
        return ExecError(
            .engineFailed,
            "The sandbox could not be started (\(end.status)). \(runtimeAdvice ?? "")The engine said: \(saidText)")
    }

    /// The failure to answer a question.
    var answerError: ExecError {
        if let complaint, Self.complaintsOfQuestions.contains(complaint) { return error(of: complaint) }
        return ExecError(.engineFailed, "The engine refused to answer (\(end.status)). It said: \(saidText)")
    }

    private static let complaintsOfQuestions: [DockerComplaint] = [
        .imageMissing, .contextMissing, .accountNotAllowed, .unreachable, .userIDsMissing, .flagUnknown,
    ]

    /// The failure of an engine that could not be asked at all; `nil` where that is not what it says.
    var unreachableError: ExecError? {
        guard let complaint, [.contextMissing, .accountNotAllowed, .unreachable].contains(complaint) else { return nil }
        return error(of: complaint)
    }

    /// The failure of a sandbox that had been running.
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

    /// A runtime with a kernel of its own that runs into the limit of processes dies without a word.
    private var runtimeAdvice: String? {
        guard let runtime = configuration.runtime, end.status == .exited(2) else { return nil }
        return """
            The runtime \(runtime) probably ran out of processes: one with a kernel of its own needs threads of the \
            machine for it, which count towards --pids (\(configuration.pids) now): raise it, for example --pids \
            \(max(2 * configuration.pids, SandboxConfiguration.pidsWithRuntime)). 
            """
    }

    /// How the command line ended and what it said, in a few words.
    var summary: String {
        // Of one that another server started there is no status.
        let status = end.status == .exited(-1) ? "nobody knows how" : "\(end.status)"
        return end.errorOutput.isEmpty ? status : "\(status): \(saidText)"
    }

    /// What it said, on one line. Of much, the last lines: an engine warns first and fails last.
    var saidText: String {
        let lines = end.errorOutput.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
            .map { String(decoding: $0, as: UTF8.self).singleLine(limit: Self.saidLimit) }
            .filter { line in line.contains { !$0.isWhitespace } }
        var text = lines.last ?? "nothing"
        for line in lines.dropLast().reversed() {
            guard text.count + line.count < Self.saidLimit else { break }
            text = line + " " + text
        }
        return text
    }
}
