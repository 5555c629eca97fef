/// Puts the questions of one run to its user, through the API.
final class RunQuestions: QuestionAnswerer {
    private let pending: PendingQuestions
    private let user: String
    private let run: String

    /// - Parameters:
    ///   - user: the user whose run it is.
    ///   - run: the id of the run's answer.
    init(_ pending: PendingQuestions, user: String, run: String) {
        self.pending = pending
        self.user = user
        self.run = run
    }

    func answer(_ question: ServerQuestion, onAsked: @Sendable () -> Void) async -> QuestionOutcome {
        await pending.ask(question, of: user, run: run, onAsked: onAsked)
    }
}
