/// What a person types in reply to a question.
enum TypedReply: Sendable, Equatable {
    case line(String)
    /// Ctrl-D, or the input has ended.
    case ended
    /// The question was withdrawn before.
    case withdrawn
}
