import JSON
import JSONRPC
import Threading

/// The requests that a server with a handshake makes of its client, and those of them that wait for a person.
final class IncomingRequests: Sendable {
    typealias Outcome = Result<JSONObject, RPCError>

    private struct State {
        var questions: [RequestID: Task<Void, Never>] = [:]
        var isClosed = false
    }

    private let elicitation: (any ElicitationHandler)?
    private let limit: Int
    private let state = Locked(State())

    /// - Parameters:
    ///   - elicitation: who answers questions to the person; `nil` where none are taken.
    ///   - limit: questions that may wait at once.
    init(elicitation: (any ElicitationHandler)?, limit: Int) {
        self.elicitation = elicitation
        self.limit = limit
    }

    /// Answers a request, at once or when the person has.
    ///
    /// - Parameter reply: sends the answer. Not called for a question that was taken back.
    func answer(_ request: Request, reply: @escaping @Sendable (Outcome) -> Void) {
        switch (request.method, elicitation) {
        case ("ping", _): reply(.success([:]))
        case (Elicitation.method, let handler?): ask(request, handler, reply)
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
            return reply(.failure(.invalidParams("Not a question that this client takes: \(error.reason).")))
        }
        let refusal = state.withLock { state -> RPCError? in
            guard !state.isClosed else { return .internalError("This client is leaving.") }
            guard state.questions[request.id] == nil else {
                return .invalidRequest("A question with this id waits for its answer.")
            }
            guard state.questions.count < limit else {
                return .internalError("\(limit) questions wait for their answers already.")
            }
            state.questions[request.id] = Task { [self] in
                let answer = await handler.answer(elicitation)
                if remove(request.id) != nil { reply(.success(answer.json)) }
            }
            return nil
        }
        if let refusal { reply(.failure(refusal)) }
    }

    /// Gives a question up that the server has taken back.
    ///
    /// - Returns: whether there was one.
    func cancel(_ id: RequestID) -> Bool {
        let question = remove(id)
        question?.cancel()
        return question != nil
    }

    /// Gives up all questions: nobody is there any more to hear the answers.
    func close() {
        let questions = state.withLock { state in
            state.isClosed = true
            defer { state.questions = [:] }
            return state.questions.values
        }
        questions.forEach { $0.cancel() }
    }

    private func remove(_ id: RequestID) -> Task<Void, Never>? {
        state.withLock { $0.questions.removeValue(forKey: id) }
    }
}
