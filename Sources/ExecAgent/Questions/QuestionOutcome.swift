import MCPClient

/// What became of a question to a person.
enum QuestionOutcome: Sendable, Equatable {
    case answered(ElicitationAnswer)
    /// Nobody answered in time.
    case expired
    /// The call ended, or the server no longer asks.
    case withdrawn
    /// Nobody was asked, with the reason.
    case notAsked(String)

    /// The answer for the server.
    var answer: ElicitationAnswer {
        if case .answered(let answer) = self { answer } else { .cancel }
    }

    /// Its name for programs.
    var name: String {
        switch self {
        case .answered(.accept): "accepted"
        case .answered(.decline): "declined"
        case .answered(.cancel): "cancelled"
        case .expired: "expired"
        case .withdrawn: "withdrawn"
        case .notAsked: "not_asked"
        }
    }
}
