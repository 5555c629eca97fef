import Diagnostics
import JSON
import OpenAI
import Threading

/// Runs one task from the command line: shows its progress and saves its artifacts.
struct TaskRunner: Sendable {
    let runner: any AgentRunner
    let toolProvider: any ToolProvider
    let screen: TerminalOutput
    let interrupts: SignalHandler
    let user: String?
    let limits: RunLimits
    /// Where artifacts are saved; `nil` to leave them in the sandbox.
    let output: OutputDirectory?
    /// Whether each event is written to standard output as a line of JSON.
    let isJSON: Bool
    /// Answers what tool servers ask; `nil` if nobody can.
    var answerer: (any QuestionAnswerer)?
    var clock = MonotonicClock.system

    /// Runs the task.
    ///
    /// - Returns: the exit status.
    func run(_ task: String) async -> Int32 {
        let deadline = limits.seconds.map { Deadline(in: $0, on: clock) }
        let made = Locked(FileNames())
        let said = Locked("")
        let activity = ProgressDisplay(screen: screen)
        var report: TaskReport
        do {
            let result = try await interrupts.interruptible {
                async let _: Void = isJSON ? () : await activity.animate()
                return try await runner.run(
                    [ChatMessage(role: .user, text: task)], user: user, model: nil, limits: limits,
                    parameters: JSONObject(), answerer: answerer
                ) { event in
                    switch event {
                    case .toolEnded(let end): made.withLock { made in end.artifacts.forEach { made.add($0) } }
                    case .text(let text): said.withLock { $0 += text }
                    // Text after a call belongs to the model's next turn.
                    case .toolStarted: said.withLock { $0 = "" }
                    case .toolProgress, .toolOutput, .questionAsked, .questionClosed, .retrying, .turnEnded, .notice:
                        break
                    }
                    if !isJSON { activity.show(event) } else if !event.isDetail { write(event.json) }
                }
            }
            report = TaskReport(result)
        } catch is CancellationError {
            report = TaskReport(status: .interrupted, reason: "interrupted")
        } catch {
            report = TaskReport(status: .failed, reason: "\(error)")
        }
        // Report the partial text of an interrupted answer.
        if [.interrupted, .failed].contains(report.status) { report.answer = said.withLock { $0 }.trimmed }
        if !isJSON { screen.endLine() }
        report.artifacts = await save(made.withLock { $0.all }, deadline)
        printReport(report)
        await screen.flush()
        return report.status.exitStatus
    }

    private func save(_ names: [String], _ deadline: Deadline?) async -> [SavedArtifact] {
        guard !names.isEmpty else { return [] }
        guard let output else {
            if !isJSON { screen.note("Left in the sandbox: \(Self.list(names)). Use --output DIR to save them.") }
            return []
        }
        let saver = ArtifactSaver(toolProvider: toolProvider, user: user, directory: output)
        let saved = try? await saver.save(names, by: deadline?.forSaving) { [screen] in
            screen.note("exec-agent: \($0.singleLine(limit: 1000))", .bad)
        }
        if !isJSON {
            for artifact in saved ?? [] { screen.note("Saved \(artifact.path.singleLine(limit: 4096))") }
        }
        return saved ?? []
    }

    private func printReport(_ report: TaskReport) {
        if isJSON { return write(report.json) }
        // The answer itself says which limit was reached.
        guard report.status != .limit, let reason = report.reason else { return }
        screen.note("exec-agent: \(reason.singleLine(limit: 2000))", report.status == .interrupted ? .plain : .bad)
    }

    private func write(_ json: JSON) {
        screen.answer(json.text + "\n")
    }

    static func list(_ names: [String]) -> String {
        names.map { $0.singleLine(limit: 255) }.joined(separator: ", ")
    }
}
