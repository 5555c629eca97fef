import JSON
import JSONRPC
import Threading

/// Responds to a legacy server's requests, and tracks those that wait for the user.
final class IncomingRequests: Sendable {
    typealias Outcome = Result<JSONObject, RPCError>

    private struct State {
        var questions: [RequestID: Task<Void, Never>] = [:]
        /// Since when there has been a question, and for how many seconds there was one before.
        var askedSince: ContinuousClock.Instant?
        var secondsAsked = 0.0
        var isClosed = false
    }

    private let elicitation: (any ElicitationHandler)?
    private let limit: Int
    private let state = Locked(State())

    /// - Parameters:
    ///   - elicitation: answers questions to the user; `nil` if they are not supported.
    ///   - limit: the maximum number of pending questions.
    init(elicitation: (any ElicitationHandler)?, limit: Int) {
        self.elicitation = elicitation
        self.limit = limit
    }

    /// Responds to a request, at once or when the user has answered.
    ///
    /// - Parameter reply: sends the response. Not called for a cancelled question.
    func answer(_ request: Request, reply: @escaping @Sendable (Outcome) -> Void) {
        switch (request.method, elicitation) {
        case ("ping", _): reply(.success([:]))
        case (Elicitation.method, let handler?) where !handler.modes.isEmpty: ask(request, handler, reply)
        default: reply(.failure(.methodNotFound("This client offers no such method.")))
        }
    }

    private func ask(
        _ request: Request, _ handler: any ElicitationHandler, _ reply: @escaping @Sendable (Outcome) -> Void
    ) {
        let elicitation: Elicitation
        do throws(MCPClientError) {
            elicitation = try Elicitation(request.params, modes: handler.modes)
        } catch {
            return reply(.failure(.invalidParams("This client does not accept this request: \(error.reason).")))
        }
        let refusal = state.withLock { state -> RPCError? in
            guard !state.isClosed else { return .internalError("This client is shutting down.") }
            guard state.questions[request.id] == nil else {
                return .invalidRequest("A request with this id is still pending.")
            }
            guard state.questions.count < limit else {
                return .internalError("\(limit) requests are already pending.")
            }
            state.askedSince = state.askedSince ?? .now
            state.questions[request.id] = Task { [self] in
                let answer = await handler.answer(elicitation)
                if remove(request.id) != nil { reply(.success(answer.json)) }
            }
            return nil
        }
        if let refusal { reply(.failure(refusal)) }
    }

    /// For how many seconds questions have waited for the user so far; those at the same time count once.
    var secondsAsked: Double {
        state.withLock { state in
            state.secondsAsked + (state.askedSince.map { $0.duration(to: .now) / .seconds(1) } ?? 0)
        }
    }

    /// Cancels a question at the server's request.
    ///
    /// - Returns: whether a question with this id was waiting.
    func cancel(_ id: RequestID) -> Bool {
        let question = remove(id)
        question?.cancel()
        return question != nil
    }

    /// Tells the handler of questions about a notification that concerns one.
    func note(_ notification: Notification) {
        guard notification.method == Elicitation.completed, let id = notification.params["elicitationId"]?.stringValue
        else { return }
        elicitation?.visitCompleted(id)
    }

    /// Cancels all questions and accepts no more: the server is gone.
    func close() {
        let questions = state.withLock { state in
            state.isClosed = true
            defer { state.questions = [:] }
            return state.questions.values
        }
        questions.forEach { $0.cancel() }
    }

    private func remove(_ id: RequestID) -> Task<Void, Never>? {
        state.withLock { state in
            let question = state.questions.removeValue(forKey: id)
            if state.questions.isEmpty, let since = state.askedSince {
                state.secondsAsked += since.duration(to: .now) / .seconds(1)
                state.askedSince = nil
            }
            return question
        }
    }
}
