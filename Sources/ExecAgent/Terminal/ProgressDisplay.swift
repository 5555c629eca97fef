import Diagnostics
import OpenAI
import Threading

/// Shows what an agent does: its text as the answer, its tool calls as notes, and on a terminal an animated status
/// line while it waits.
final class ProgressDisplay: Sendable {
    private struct Call {
        let id: String
        let number: Int
        let summary: String
        let start: ContinuousClock.Instant
        var progress = ""
    }

    private struct State {
        var callCount = 0
        var running: [Call] = []
        /// Since when the model has been silent.
        var waitsSince = ContinuousClock.now
        var frame = 0
    }

    private static let frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]
    private static let frameTime = Duration.milliseconds(100)
    /// Seconds of silence after which the status line says that the model is awaited.
    private static let silenceBeforeDisplay = 0.5

    private let screen: TerminalOutput
    private let state = Locked(State())

    init(screen: TerminalOutput) {
        self.screen = screen
    }

    /// Shows an event.
    func show(_ event: AgentEvent) {
        switch event {
        case .text(let text):
            state.withLock { $0.waitsSince = .now }
            screen.answer(text)
        case .toolStarted(let call):
            let begun = state.withLock { state in
                state.callCount += 1
                let summary = CallSummary.of(call)
                state.running.append(Call(id: call.id, number: state.callCount, summary: summary, start: .now))
                return "[\(state.callCount)] \(summary)"
            }
            // A tool call ends the current text.
            screen.endText()
            screen.note(begun, .faint)
        case .toolProgress(let callID, let message):
            state.withLock { state in
                guard let place = state.running.firstIndex(where: { $0.id == callID }) else { return }
                state.running[place].progress = TerminalText.line(Array(message.utf8), atMost: 200)
            }
        case .toolEnded(let end):
            showEnd(end)
        case .questionAsked, .toolOutput, .turnEnded: break
        case .questionClosed(let question, let outcome):
            state.withLock { $0.waitsSince = .now }
            let wasAsked = if case .notAsked = outcome { false } else { true }
            screen.note(QuestionSummary.end(of: question, outcome), wasAsked ? .faint : .bad)
        case .retrying(let reason, let seconds):
            let reason = reason.singleLine(limit: 300)
            screen.note("The model is asked again in \(CallSummary.duration(seconds)): \(reason)", .faint)
        case .notice(let message):
            screen.note("exec-agent: warning: \(message.singleLine(limit: 1000))", .bad)
        }
    }

    /// Animates the status line until the task is cancelled.
    func animate() async {
        guard screen.abilities.canRedraw else { return }
        while !Task.isCancelled {
            screen.status(status())
            do { try await Task.sleep(for: Self.frameTime) } catch { break }
        }
        screen.status(nil)
    }

    private func showEnd(_ end: AgentEvent.ToolEnd) {
        let number = state.withLock { state -> Int? in
            state.waitsSince = .now
            guard let place = state.running.firstIndex(where: { $0.id == end.callID }) else { return nil }
            return state.running.remove(at: place).number
        }
        let outcome =
            if let code = end.exitCode, !end.isError { "exit \(code)" } else { end.isError ? "failed" : "done" }
        var line = "[\(number ?? 0)] \(outcome) in \(CallSummary.duration(end.duration))"
        if !end.artifacts.isEmpty {
            let names = end.artifacts.map { $0.singleLine(limit: 255) }.joined(separator: ", ")
            line += "; artifacts: \(names)"
        }
        screen.note(line, end.isError || (end.exitCode ?? 0) != 0 ? .bad : .faint)
    }

    /// The current status line; `nil` if nothing is awaited.
    private func status() -> String? {
        state.withLock { state in
            state.frame = (state.frame + 1) % Self.frames.count
            let frame = Self.frames[state.frame]
            if let call = state.running.last {
                let others = state.running.count > 1 ? " and \(state.running.count - 1) more" : ""
                let time = CallSummary.duration((ContinuousClock.now - call.start) / .seconds(1))
                let progress = call.progress.isEmpty ? "" : ": \(call.progress)"
                return "\(frame) [\(call.number)]\(others) \(time)\(progress)"
            }
            let silence = (ContinuousClock.now - state.waitsSince) / .seconds(1)
            guard silence >= Self.silenceBeforeDisplay else { return nil }
            return "\(frame) waiting for the model \(CallSummary.duration(silence))"
        }
    }
}
