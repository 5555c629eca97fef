public import JSON

/// A way to ask the person who uses the client of a running command.
public protocol UserInteraction: Sendable {
    /// Asks a question, and returns once it is answered or can't be. May take as long as the person needs; cancelling
    /// the task withdraws the question. An answer that arrives before that counts, one that arrives afterwards doesn't.
    func ask(_ question: UserQuestion) async -> UserAnswer

    /// Asks as ``ask(_:)`` does.
    ///
    /// - Parameters:
    ///   - begin: called when the client is about to get the question; others may have to be answered before. Returns
    ///     whether it is still needed; if not, the client doesn't get it, and the answer is ``UserAnswer/cancel``.
    ///   - onAnswer: receives the answer, before `begin` of a question is called that had to wait for it.
    func ask(
        _ question: UserQuestion, begin: @escaping @Sendable () -> Bool,
        onAnswer: @escaping @Sendable (UserAnswer) async -> Void
    ) async -> UserAnswer

    /// What a person visited a URL for is done: tells the client, if it has the id of the question. Returns at once.
    ///
    /// - Parameter id: the id of the question.
    func visitCompleted(_ id: String)
}

extension UserInteraction {
    /// For clients that aren't told.
    public func visitCompleted(_ id: String) {}

    /// For a way to ask that never holds a question back.
    public func ask(
        _ question: UserQuestion, begin: @escaping @Sendable () -> Bool,
        onAnswer: @escaping @Sendable (UserAnswer) async -> Void
    ) async -> UserAnswer {
        guard begin() else { return .cancel }
        let answer = await ask(question)
        await onAnswer(answer)
        return answer
    }
}

/// A question to the person who uses the client.
public struct UserQuestion: Sendable, Equatable {
    /// What is asked for.
    public enum Request: Sendable, Equatable {
        /// A form, described by a JSON Schema of a flat object.
        case form(schema: JSONObject)
        /// A visit to a URL.
        case url(String, id: String)
    }

    /// The text to show.
    public let message: String
    /// What is asked for.
    public let request: Request
    /// Details for clients that know more than to show the text; empty for none.
    public let details: JSONObject

    /// Creates a question.
    ///
    /// - Parameters:
    ///   - message: the text to show.
    ///   - request: what is asked for.
    ///   - details: for clients that know more than to show the text.
    public init(message: String, request: Request, details: JSONObject = [:]) {
        self.message = message
        self.request = request
        self.details = details
    }
}

/// What became of a question.
public enum UserAnswer: Sendable, Equatable {
    /// The person agreed. Carries the form's content, not checked against its schema; empty for a URL.
    case accept(JSONObject)
    /// The person refused.
    case decline
    /// The person dismissed the question, or the client did.
    case cancel
    /// Nobody can be asked, about this or anything else; with the reason.
    case unavailable(String)
    /// This question could not be put, or its answer not be read; with the reason. Another one may be.
    case failed(String)
}
