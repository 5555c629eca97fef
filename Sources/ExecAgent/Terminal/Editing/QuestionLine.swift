/// The line of input that answers a question.
struct QuestionLine: Sendable {
    let reply: PendingReply
    /// Without a history: an answer is neither in it nor from it.
    var editing = LineEditing()
}
