import OpenAI
import TestSupport
import Threading

@testable import ExecAgent

/// A runner whose runs go on as far as a test says.
final class SteppingRunner: Sendable {
    let started = Recorder<String>()
    let cancelled = Recorder<String>()
    private let steps = Locked<[AsyncEvent]>([])

    /// The runner, which says one word a step, and then ends.
    func runner(steps count: Int) -> FakeRunner {
        steps.withLock { $0 = (0..<count).map { _ in AsyncEvent() } }
        return FakeRunner { [self] request, tell in
            started.record(request.conversation.last?.text ?? "")
            for (number, step) in steps.withLock({ $0 }).enumerated() {
                do {
                    try await step.waitUnlessCancelled()
                } catch {
                    cancelled.record(request.conversation.last?.text ?? "")
                    throw error
                }
                await tell(.text("\(number) "))
            }
            return RunResult(
                messages: [ChatMessage(role: .assistant, text: "done")], end: .answered,
                usage: TokenUsage(prompt: 3, completion: 4))
        }
    }

    func go(_ step: Int) { steps.withLock { $0[step] }.complete() }
}
