import Diagnostics
import ExecCore
import JSON
import JSONRPC
import MCP
import Threading

/// Asks the person behind a legacy client, with requests to the client (2025-06-18 and 2025-11-25, client/elicitation):
/// one at a time, because clients show one at a time.
///
/// Their ids are texts of a form that no other id in a session has. A response with another id is none of ours, or
/// comes too late: it is ignored.
final class ClientQuestions: Sendable {
    /// The maximum number of questions that wait, the one that is shown included.
    static let maxWaiting = 64
    private static let idPrefix = "exec-mcp/question/"

    private struct State {
        var lastNumber = 0
        var waiting = 0
    }

    private let turn = AsyncSemaphore(count: 1)
    private let pending = PendingAnswers<RequestID>()
    private let state = Locked(State())
    private let send: @Sendable (JSON) -> Void

    /// - Parameter send: writes a message to the client; must return at once and never drop one.
    init(send: @escaping @Sendable (JSON) -> Void) {
        self.send = send
    }

    /// Returns what asks for a call; `nil` if its client can't be asked with requests.
    func interaction(for context: RequestContext) -> (any UserInteraction)? {
        guard !context.revision.isModern, !context.elicitation.isEmpty else { return nil }
        return Interaction(questions: self, revision: context.revision, modes: context.elicitation)
    }

    /// Handles a response of the client.
    ///
    /// - Parameter outcome: the result or error; `nil` if it is neither.
    /// - Returns: whether it answers an open question.
    @discardableResult
    func receive(_ outcome: Result<JSONObject, RPCError>?, to id: RequestID?) -> Bool {
        guard let id else { return false }
        return pending.settle(id, Self.answer(outcome))
    }

    /// Ends all questions: the client is gone.
    func close() {
        pending.close(.gone)
    }

    private static func answer(_ outcome: Result<JSONObject, RPCError>?) -> UserAnswer {
        switch outcome {
        case .success(let result): UserAnswer(result: result)
        case .failure(let error):
            .unavailable("the client could not ask: \(error.message.singleLine(limit: 200)) (\(error.code))")
        case nil: .failed("the client's answer is neither a result nor an error")
        }
    }

    private struct Interaction: UserInteraction {
        let questions: ClientQuestions
        let revision: Revision
        let modes: ElicitationModes

        func ask(_ question: UserQuestion) async -> UserAnswer { await ask(question) {} }

        func ask(_ question: UserQuestion, onSent: @escaping @Sendable () -> Void) async -> UserAnswer {
            do throws(UnaskableError) {
                return await questions.ask(try question.params(for: revision, modes: modes), onSent: onSent)
            } catch {
                return error.answer
            }
        }
    }

    private func ask(_ params: JSONObject, onSent: () -> Void) async -> UserAnswer {
        let isAdmitted = state.withLock { state in
            guard state.waiting < Self.maxWaiting else { return false }
            state.waiting += 1
            return true
        }
        guard isAdmitted else {
            return .failed("\(Self.maxWaiting) questions wait for the person already")
        }
        defer { state.withLock { $0.waiting -= 1 } }
        do {
            try await turn.wait()
        } catch {
            return .cancel
        }
        defer { turn.signal() }
        let id = state.withLock { state in
            state.lastNumber += 1
            return RequestID.string("\(Self.idPrefix)\(state.lastNumber)")
        }
        guard pending.begin(id) else { return .gone }
        send(Request(id: id, method: UserQuestion.method, params: params).json)
        onSent()
        return await pending.answer(to: id) { [send] in
            let params: JSONObject = ["requestId": id.json, "reason": "The question is no longer open."]
            send(Notification(method: "notifications/cancelled", params: params).json)
        }
    }
}
