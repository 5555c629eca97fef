import ExecCore
import JSON

/// Counts the questions to the person behind the client, and what becomes of them.
struct CountedInteraction: UserInteraction {
    let inner: any UserInteraction
    let metrics: ServerMetrics

    func ask(_ question: UserQuestion) async -> UserAnswer {
        await ask(question, begin: { true }, onAnswer: { _ in })
    }

    func ask(
        _ question: UserQuestion, begin: @escaping @Sendable () -> Bool,
        onAnswer: @escaping @Sendable (UserAnswer) async -> Void
    ) async -> UserAnswer {
        metrics.beginQuestion()
        let answer = await inner.ask(question, begin: begin, onAnswer: onAnswer)
        metrics.endQuestion(Self.outcome(of: answer))
        return answer
    }

    func visitCompleted(_ id: String) { inner.visitCompleted(id) }

    private static func outcome(of answer: UserAnswer) -> ServerMetrics.AnswerOutcome {
        switch answer {
        // The choices of a question about a call are in its form.
        case .accept(let content): content["decision"] == "deny" ? .declined : .accepted
        case .decline: .declined
        case .cancel: .unanswered
        case .unavailable, .failed: .unavailable
        }
    }
}
