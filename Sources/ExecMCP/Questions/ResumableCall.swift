import ExecCore
import JSON
import JSONRPC
import Threading

/// A call that goes on after a request for it was answered with questions, until the client repeats the request with the
/// answers. Meanwhile what it runs waits.
final class ResumableCall: Sendable {
    typealias Outcome = Result<JSONObject, RPCError>

    /// What a request that waits for the call is answered with.
    enum Event: Sendable {
        case ended(Outcome)
        /// Requests for input, at least one.
        case asks(JSONObject)
    }

    private struct State {
        var outcome: Outcome?
        var task: Task<Void, Never>?
        var progress = Progress.unheard
        var waiters = WaiterQueue()
        var isCancelled = false
    }

    /// How long a question waits for others of the same call, so that a client gets them together.
    private static let gathering = Duration.milliseconds(50)

    /// What identifies the call: see ``CallIdentity``.
    let identity: CallIdentity
    /// The user whose call it is.
    let user: UserID
    /// The number of bytes of the request that the call keeps in memory.
    let size: Int
    let questions: OpenQuestions
    private let hasEnded = AsyncEvent()
    private let state = Locked(State())

    init(_ identity: CallIdentity, of user: UserID, size: Int, questions: OpenQuestions) {
        self.identity = identity
        self.user = user
        self.size = size
        self.questions = questions
        questions.observe { [weak self] in self?.wake() }
    }

    /// Starts the call. It belongs to no request.
    ///
    /// - Parameters:
    ///   - room: where its replies have to find room.
    ///   - work: receives where to report progress to.
    func start(in room: AnswerRoom, _ work: @escaping @Sendable (Progress) async -> Outcome) {
        let progress = Progress { [state] line in state.withLock { $0.progress.report }?(line) }
        let task = Task.detached { [self] in
            let outcome = try? await room.while { await work(progress) }
            state.withLock { $0.outcome = outcome ?? .failure(.internalError("The call was given up.")) }
            questions.close()
            hasEnded.complete()
            wake()
        }
        let isCancelled = state.withLock { state in
            state.task = task
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
    }

    /// Waits until the call has ended or asks. If the task is cancelled meanwhile, so is the call, and its end is
    /// awaited.
    ///
    /// - Parameter progress: receives the call's progress meanwhile.
    /// - Throws: `CancellationError`.
    func next(reportingTo progress: Progress) async throws -> Event {
        state.withLock { $0.progress = progress }
        defer { state.withLock { $0.progress = .unheard } }
        do {
            while true {
                try await state.wait(in: \.waiters) { [questions] state in
                    state.outcome != nil || !questions.inputRequests.isEmpty
                }
                if let outcome = state.withLock({ $0.outcome }) { return .ended(outcome) }
                try await Task.sleep(for: Self.gathering)
                let requests = questions.inputRequests
                if state.withLock({ $0.outcome == nil }), !requests.isEmpty { return .asks(requests) }
            }
        } catch {
            cancel()
            await hasEnded.wait()
            throw error
        }
    }

    /// Cancels the call. Returns at once.
    func cancel() {
        let task = state.withLock { state in
            state.isCancelled = true
            return state.task
        }
        task?.cancel()
    }

    private func wake() {
        let waiters = state.withLock { $0.waiters.removeAll() }
        for waiter in waiters { waiter.resume() }
    }
}
