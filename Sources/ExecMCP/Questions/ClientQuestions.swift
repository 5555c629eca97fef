import Diagnostics
import ExecCore
import JSON
import JSONRPC
import MCP
import Threading

/// Asks the person behind a legacy client, with requests to the client (2025-06-18 and 2025-11-25, client/elicitation):
/// one at a time, because clients show one at a time, and users in rotation.
///
/// Their ids are texts of a form that no other id in a session has. A response with another id isn't for us, or
/// comes too late: it is ignored.
final class ClientQuestions: Sendable {
    /// The maximum number of questions that wait, the one that is shown included.
    static let maxWaiting = 64
    private static let idPrefix = "exec-mcp/question/"

    private struct State {
        var lastNumber = 0
        /// How many questions of each user wait.
        var waiting: [String: Int] = [:]
    }

    private let turns = UserTurns()
    private let pending = PendingAnswers<RequestID>()
    private let state = Locked(State())
    private let send: @Sendable (JSON) -> Void

    /// - Parameter send: writes a message to the client; must return at once and never drop one.
    init(send: @escaping @Sendable (JSON) -> Void) {
        self.send = send
    }

    /// Returns what asks for a call; `nil` if its client can't be asked with requests.
    ///
    /// - Parameter user: the user whose call it is.
    func interaction(for context: RequestContext, of user: QuestionedUser) -> (any UserInteraction)? {
        guard !context.revision.isModern, !context.elicitation.isEmpty else { return nil }
        return Interaction(questions: self, revision: context.revision, modes: context.elicitation, user: user)
    }

    /// How many questions wait until others are answered.
    var queuedCount: Int { turns.waiterCount }

    /// How many questions wait for their answers.
    var waitingCount: Int { state.withLock { $0.waiting.values.reduce(0, +) } }

    /// Handles a response of the client.
    ///
    /// - Parameter outcome: the result or error; `nil` if it is neither.
    /// - Returns: whether it answers an open question.
    @discardableResult
    func receive(_ outcome: Result<JSONObject, RPCError>?, to id: RequestID?) -> Bool {
        guard let id else { return false }
        return pending.settle(id, Self.answer(outcome))
    }

    /// Handles a message of the client that can't be read, or isn't valid. An open question with its id fails: no other
    /// answer to it will come.
    ///
    /// - Returns: whether it was meant for an open question.
    @discardableResult
    func receiveUnreadable(id: RequestID?) -> Bool { receive(nil, to: id) }

    /// Ends all questions: the client is gone.
    func close() {
        pending.close(.gone)
    }

    private static func answer(_ outcome: Result<JSONObject, RPCError>?) -> UserAnswer {
        switch outcome {
        case .success(let result): UserAnswer(result: result)
        case .failure(let error):
            .unavailable("the client could not ask: \(error.message.singleLine(limit: 200)) (\(error.code))")
        case nil: .failed("the client's answer cannot be read, or is neither a result nor an error")
        }
    }

    private struct Interaction: UserInteraction {
        let questions: ClientQuestions
        let revision: Revision
        let modes: ElicitationModes
        let user: QuestionedUser

        func ask(_ question: UserQuestion) async -> UserAnswer {
            await ask(question, begin: { true }, onAnswer: { _ in })
        }

        func ask(
            _ question: UserQuestion, begin: @escaping @Sendable () -> Bool,
            onAnswer: @escaping @Sendable (UserAnswer) async -> Void
        ) async -> UserAnswer {
            do throws(UnaskableError) {
                let params = try question.params(for: revision, modes: modes, user: user)
                return await questions.ask(params, user.id.name, begin: begin, onAnswer: onAnswer)
            } catch {
                return error.answer
            }
        }

        func visitCompleted(_ id: String) {
            guard revision.hasURLElicitation else { return }
            questions.send(Notification(method: UserQuestion.completed, params: ["elicitationId": .string(id)]).json)
        }
    }

    private func ask(
        _ params: JSONObject, _ user: String, begin: () -> Bool, onAnswer: (UserAnswer) async -> Void
    ) async -> UserAnswer {
        let isAdmitted = state.withLock { state in
            let (own, all) = (state.waiting[user] ?? 0, state.waiting.values.reduce(0, +))
            guard FairShare.admits(own: own, taken: all, of: Self.maxWaiting) else { return false }
            state.waiting[user] = own + 1
            return true
        }
        guard isAdmitted else { return .failed("too many questions wait for the person already") }
        defer {
            state.withLock { state in
                let left = (state.waiting[user] ?? 1) - 1
                state.waiting[user] = left > 0 ? left : nil
            }
        }
        do {
            try await turns.wait(for: user)
        } catch {
            return .cancel
        }
        defer { turns.end() }
        guard begin() else { return .cancel }
        let id = state.withLock { state in
            state.lastNumber += 1
            return RequestID.string("\(Self.idPrefix)\(state.lastNumber)")
        }
        guard pending.begin(id) else { return .gone }
        send(Request(id: id, method: UserQuestion.method, params: params).json)
        let answer = await pending.answer(to: id) { [send] in
            let params: JSONObject = ["requestId": id.json, "reason": "The question is no longer open."]
            send(Notification(method: "notifications/cancelled", params: params).json)
        }
        await onAnswer(answer)
        return answer
    }
}
