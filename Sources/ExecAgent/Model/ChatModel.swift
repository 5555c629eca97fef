import OpenAI

/// A model that answers conversations.
protocol ChatModel: Sendable {
    /// Asks for one answer and waits for the whole of it.
    ///
    /// - Parameter onEvent: told of what happens meanwhile, in order, before this returns.
    /// - Throws: ``ModelError``, or `CancellationError` when the task is cancelled.
    func complete(
        _ request: ChatRequest, onEvent: @escaping @Sendable (ModelEvent) async -> Void
    ) async throws -> ChatCompletion
}

/// What happens while a model answers.
enum ModelEvent: Sendable, Equatable {
    /// The next piece of its text.
    case text(String)
    /// A request failed before anything of the answer came; it is sent again after so many seconds.
    case retrying(reason: String, seconds: Double)
    /// Something was left out or put right that a person should know.
    case notice(String)
}

/// A model could not answer.
struct ModelError: Error, Sendable, Equatable, CustomStringConvertible {
    enum Kind: Sendable, Equatable {
        /// The endpoint cannot be reached, or the connection was lost.
        case unreachable
        /// The key is missing or wrong.
        case unauthorized
        /// There is no such model or endpoint.
        case notFound
        /// The conversation is longer than the model takes.
        case contextTooLong
        /// Too many requests, still after all retries.
        case rateLimited
        /// The endpoint refuses the request for another reason.
        case refused
        /// The endpoint fails, still after all retries.
        case unavailable
        /// What came is no answer of this API.
        case malformed
        /// Nothing came for too long.
        case silent
    }

    let kind: Kind
    /// What happened and what to do, in one line.
    let message: String
    /// HTTP status of the endpoint's answer; `nil` where there was none.
    var status: Int?
    /// Whether the request is refused for the form that its answer was to have.
    var isOfAnswerForm = false

    var description: String { message }
}
