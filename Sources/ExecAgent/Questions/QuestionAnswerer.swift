import MCPClient

/// Answers what tool servers ask the person whose run it is: by asking, or by a rule.
protocol QuestionAnswerer: AnyObject, Sendable {
    /// Answers a question; cancelling the task withdraws it.
    ///
    /// - Parameter onAsked: called when the question can be answered; at most once.
    func answer(_ question: ServerQuestion, onAsked: @Sendable () -> Void) async -> QuestionOutcome
}
