import Diagnostics

extension AgentEvent {
    /// A one-line summary of the event for a person; `nil` for answer text and intermediate steps.
    var summary: String? {
        switch self {
        case .toolStarted(let call): CallSummary.of(call)
        case .toolEnded(let end): end.summary
        case .questionAsked(let question): QuestionSummary.beginning(of: question)
        case .questionClosed(let question, let outcome): QuestionSummary.end(of: question, outcome)
        case .retrying(let reason, let seconds):
            "The model is asked again in \(CallSummary.duration(seconds)): \(Self.line(reason, atMost: 300))"
        default: nil
        }
    }

    fileprivate static func line(_ text: String, atMost limit: Int) -> String {
        TerminalText.line(Array(text.utf8), atMost: limit)
    }
}

extension AgentEvent.ToolEnd {
    private static let maxArtifacts = 10

    fileprivate var summary: String {
        let outcome = if let exitCode, !isError { "exit \(exitCode)" } else { isError ? "failed" : "done" }
        let line = "\(AgentEvent.line(name, atMost: 80)): \(outcome) in \(CallSummary.duration(duration))"
        guard !artifacts.isEmpty else { return line }
        var names = artifacts.prefix(Self.maxArtifacts).map { AgentEvent.line($0, atMost: 100) }
        if artifacts.count > names.count { names.append("…") }
        return "\(line); artifacts: \(names.joined(separator: ", "))"
    }
}
