import JSON
import OpenAI
import TestSupport

@testable import ExecAgent

/// A runner that does what a test says, and remembers what it was asked.
final class FakeRunner: AgentRunner {
    struct Request: Sendable {
        let conversation: [ChatMessage]
        let user: String?
        let model: String?
        let parameters: JSONObject
        /// Answers what tool servers ask.
        let answerer: (any QuestionAnswerer)?

        /// The conversation as `role: text`.
        var lines: [String] { conversation.map { "\($0.role.rawValue): \($0.text)" } }
    }

    typealias Work = @Sendable (Request, @Sendable (AgentEvent) async -> Void) async throws -> RunResult

    let requests = Recorder<Request>()
    private let work: Work

    init(_ work: @escaping Work = { _, tell in await FakeRunner.says("hello", tell) }) {
        self.work = work
    }

    func run(
        _ conversation: [ChatMessage], user: String?, model: String?, limits: RunLimits, parameters: JSONObject,
        answerer: (any QuestionAnswerer)?, onEvent: @escaping @Sendable (AgentEvent) async -> Void
    ) async throws -> RunResult {
        let request = Request(
            conversation: conversation, user: user, model: model, parameters: parameters, answerer: answerer)
        requests.record(request)
        return try await work(request, onEvent)
    }

    /// Answers with a text, in two pieces.
    static func says(
        _ text: String, _ tell: @Sendable (AgentEvent) async -> Void, end: RunResult.End = .answered,
        usage: TokenUsage? = TokenUsage(prompt: 5, completion: 2)
    ) async -> RunResult {
        await tell(.text(String(text.prefix(2))))
        await tell(.text(String(text.dropFirst(2))))
        return RunResult(messages: [ChatMessage(role: .assistant, text: text)], end: end, usage: usage)
    }

    /// A runner that waits until it is cancelled, and says so.
    static func waiting(_ events: Recorder<String>) -> FakeRunner {
        FakeRunner { _, _ in
            events.record("started")
            do {
                try await Task.sleep(for: .seconds(3600))
            } catch {
                events.record("cancelled")
                throw error
            }
            throw CancellationError()
        }
    }
}
