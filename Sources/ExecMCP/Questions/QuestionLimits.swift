/// The limits of questions and answers.
enum QuestionLimits {
    /// The maximum size of a question's parameters in bytes.
    static let questionBytes = 128 * 1024
    /// The maximum size of an answer's content in bytes.
    static let answerBytes = 128 * 1024
}
