import ExecCore
import JSON
import MCP
import Threading

/// The open questions of one call of a modern client. Such a client is sent no requests: it learns of questions from the
/// result of its own request, or from the state of a task, and sends the answers by itself.
final class OpenQuestions: UserInteraction {
    /// The maximum number of questions that are open at once. It is also how many one result holds.
    static let maxOpen = 16
    /// The maximum number of questions that one call may ask.
    static let maxTotal = 500
    /// The maximum total size of the open questions in bytes.
    static let maxBytes = 1 << 20

    private struct Question {
        let key: String
        let params: JSONObject
        let size: Int
    }

    private struct State {
        var modes: ElicitationModes
        var lastNumber = 0
        var open: [Question] = []
        var onChange: @Sendable () -> Void = {}
        var waiters = WaiterQueue()
    }

    private let revision: Revision
    private let pending = PendingAnswers<String>()
    private let state: Locked<State>

    /// - Parameter context: that of the request, which declares what the client can show.
    init(for context: RequestContext) {
        revision = context.revision
        state = Locked(State(modes: context.elicitation))
    }

    /// Calls `onChange` whenever a question was added, answered or withdrawn.
    func observe(_ onChange: @escaping @Sendable () -> Void) {
        state.withLock { $0.onChange = onChange }
    }

    /// The requests for input that stand for the open questions (2026-07-28, basic/patterns/mrtr); empty if none is
    /// open.
    var inputRequests: JSONObject {
        state.withLock { state in
            state.open.reduce(into: JSONObject()) { requests, question in
                requests[question.key] = ["method": .string(UserQuestion.method), "params": .object(question.params)]
            }
        }
    }

    /// Waits until none of these questions is open.
    ///
    /// - Throws: `CancellationError`.
    func waitUntilClosed(_ keys: Set<String>) async throws {
        while state.withLock({ Self.isOpen(keys, $0) }) {
            try await state.wait(in: \.waiters) { !Self.isOpen(keys, $0) }
        }
    }

    private static func isOpen(_ keys: Set<String>, _ state: State) -> Bool {
        state.open.contains { keys.contains($0.key) }
    }

    func ask(_ question: UserQuestion) async -> UserAnswer {
        let key: String
        do throws(UnaskableError) {
            key = try admit(question)
        } catch {
            return error.answer
        }
        notifyOfChange()
        let answer = await pending.answer(to: key)
        state.withLock { state in state.open.removeAll { $0.key == key } }
        notifyOfChange()
        return answer
    }

    private func admit(_ question: UserQuestion) throws(UnaskableError) -> String {
        let modes = state.withLock { $0.modes }
        let params = try question.params(for: revision, modes: modes)
        let size = JSON.object(params).serialized().count
        return try state.withLock { (state) throws(UnaskableError) in
            guard state.open.count < Self.maxOpen else {
                throw UnaskableError("\(Self.maxOpen) questions of the command are open already")
            }
            guard state.lastNumber < Self.maxTotal else {
                throw UnaskableError("the command has asked \(Self.maxTotal) questions already", isLasting: true)
            }
            guard state.open.reduce(size, { $0 + $1.size }) <= Self.maxBytes else {
                throw UnaskableError("the open questions of the command have more than \(Self.maxBytes) bytes")
            }
            // Never used again, so that an answer can't be taken for that to another question.
            let key = "question-\(state.lastNumber + 1)"
            guard pending.begin(key) else { throw UnaskableError("the client is gone", isLasting: true) }
            state.lastNumber += 1
            state.open.append(Question(key: key, params: params, size: size))
            return key
        }
    }

    /// Handles the client's responses. Those to no open question are ignored; questions without a response stay open.
    ///
    /// - Parameter modes: what the client declares now. Questions that it can no longer show are answered.
    func receive(_ responses: JSONObject, modes: ElicitationModes? = nil) {
        let open = state.withLock { state in
            state.modes = modes ?? state.modes
            return state.open
        }
        for question in open {
            if let response = responses[question.key]?.objectValue {
                settle(question.key, UserAnswer(result: response))
            } else if let modes, !modes.contains(question.params["mode"] == "url" ? .url : .form) {
                settle(question.key, .unavailable("the client can no longer ask"))
            }
        }
    }

    /// Answers the open questions, but accepts others.
    func settleAll(_ answer: UserAnswer) {
        for question in state.withLock({ $0.open }) { settle(question.key, answer) }
    }

    /// Answers all questions, and accepts no more.
    func close(_ answer: UserAnswer = .gone) {
        pending.close(answer)
    }

    private func settle(_ key: String, _ answer: UserAnswer) {
        // Removed at once: what asked may take a while to go on, and the client must not be asked again.
        state.withLock { state in state.open.removeAll { $0.key == key } }
        pending.settle(key, answer)
    }

    private func notifyOfChange() {
        let (onChange, waiters) = state.withLock { ($0.onChange, $0.waiters.removeAll()) }
        onChange()
        for waiter in waiters { waiter.resume() }
    }
}
