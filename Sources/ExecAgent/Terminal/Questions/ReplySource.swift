/// A terminal that a person answers questions on.
protocol ReplySource: Sendable {
    /// Requests a line. What was typed before is not used for it. Cancelling the task withdraws the request.
    func reply(to prompt: String) async -> TypedReply
}
