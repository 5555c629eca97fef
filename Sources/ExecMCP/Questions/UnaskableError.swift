import ExecCore

/// A question that can't be put to a client.
struct UnaskableError: Error, Equatable {
    /// Why, for people.
    let reason: String
    /// Whether no other question can be put either.
    let isLasting: Bool

    init(_ reason: String, isLasting: Bool = false) {
        self.reason = reason
        self.isLasting = isLasting
    }

    /// What becomes of the question.
    var answer: UserAnswer { isLasting ? .unavailable(reason) : .failed(reason) }
}
