import OpenAI

/// A model that answers conversations.
protocol ChatModel: Sendable {
    /// Requests one answer and waits until it is complete.
    ///
    /// - Parameter onEvent: receives events in order, before this returns.
    /// - Throws: ``ModelError``, or `CancellationError` if the task is cancelled.
    func complete(
        _ request: ChatRequest, onEvent: @escaping @Sendable (ModelEvent) async -> Void
    ) async throws -> ChatCompletion
}

/// An event while a model answers.
enum ModelEvent: Sendable, Equatable {
    /// The next piece of the answer's text.
    case text(String)
    /// A request failed before any part of the answer arrived; it is retried after this number of seconds.
    case retrying(reason: String, seconds: Double)
    /// Something was omitted or corrected that the user should know about.
    case notice(String)
}

/// A model's failure to answer.
struct ModelError: Error, Sendable, Equatable, CustomStringConvertible {
    enum Kind: Sendable, Equatable {
        /// The endpoint cannot be reached, or the connection was lost.
        case unreachable
        /// The key is missing or wrong.
        case unauthorized
        /// The model or the endpoint doesn't exist.
        case notFound
        /// The conversation exceeds the model's context.
        case contextTooLong
        /// Too many requests, even after all retries.
        case rateLimited
        /// The endpoint rejects the request for another reason.
        case refused
        /// The endpoint fails, even after all retries.
        case unavailable
        /// The response isn't an answer of this API.
        case malformed
        /// The idle timeout expired.
        case silent
    }

    let kind: Kind
    /// What happened and what to do about it, on one line.
    let message: String
    /// HTTP status of the response; `nil` if there was none.
    var status: Int?
    /// Whether the request was rejected because of its response format.
    var isOfAnswerForm = false

    var description: String { message }
}
