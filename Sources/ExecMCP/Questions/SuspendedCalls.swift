import ExecCore
import JSON
import JSONRPC
import MCP
import Threading

/// Answers requests of modern clients whose calls ask the person behind the client: with a result that asks for input
/// (2026-07-28, basic/patterns/mrtr). The call is kept until the client repeats the request with the answers.
final class SuspendedCalls: Sendable {
    /// The maximum number of calls that are kept, in shares of users: see ``FairShare``.
    static let maxCount = 32
    /// The maximum number of bytes that their requests keep in memory, in shares of users.
    static let maxBytes = 64 << 20
    /// How long a call is kept at most for a client that doesn't come back, in seconds. Then it is cancelled.
    static let maxSeconds = 4200.0
    /// How long it is kept once the questions that the client was given are no longer open, in seconds: what asks gives
    /// up after a while. A call that has ended meanwhile keeps its result until then.
    static let graceSeconds = 300.0

    private struct Entry {
        let call: ResumableCall
        let timer: Task<Void, any Error>
    }

    private struct State {
        /// By the state that the client has to send back.
        var entries: [String: Entry] = [:]
        var isClosed = false
    }

    private let clock: MonotonicClock
    private let state = Locked(State())

    init(clock: MonotonicClock = .system) {
        self.clock = clock
    }

    /// Runs a call for its first request.
    ///
    /// - Parameters:
    ///   - size: the number of bytes of the request that the call keeps in memory.
    ///   - run: runs the call.
    /// - Returns: the result of the call, or one that asks for input.
    func answer(
        to call: ToolCall, _ identity: CallIdentity, size: Int, _ notifier: RequestNotifier,
        _ run: @escaping @Sendable (ToolCall) async -> ResumableCall.Outcome
    ) async throws -> JSONObject {
        let resumable = ResumableCall(
            identity, of: call.user, size: size, questions: OpenQuestions(for: call.context))
        let wantsProgress = call.context.progressToken != nil
        resumable.start(in: notifier.room) { [questions = resumable.questions] progress in
            await run(call.asking(questions).reporting(to: wantsProgress ? progress : .unheard))
        }
        return try await answer(with: resumable, call.context, notifier)
    }

    /// Resumes the call that a repeated request belongs to.
    ///
    /// - Returns: the reply to the request, which keeps in memory what the first one did.
    /// - Throws: -32602 if the request belongs to no suspended call, which a state does that was used already.
    func resume(
        _ request: Request, _ identity: CallIdentity, _ context: RequestContext
    ) throws(RPCError) -> MethodReply {
        let responses = try request.params.object("inputResponses") ?? JSONObject()
        guard let key = request["requestState"]?.stringValue,
            let call = state.withLock({ $0.entries[key]?.call }), call.identity == identity
        else { throw Self.unknown }
        // Not before the work begins: until then the request may be refused, and be repeated.
        return .deferred(holding: call.size) { [self] notifier in
            guard let entry = state.withLock({ $0.entries.removeValue(forKey: key) }) else { throw Self.unknown }
            entry.timer.cancel()
            entry.call.questions.receive(responses, modes: context.elicitation)
            return try await answer(with: entry.call, context, notifier)
        }
    }

    private static let unknown = RPCError.invalidParams(
        """
        No call waits under this requestState: it was used already, has expired, or belongs to a call with other \
        arguments.
        """)

    /// Cancels all calls, and keeps no more.
    func close() {
        let entries = state.withLock { state in
            defer { state.entries = [:] }
            state.isClosed = true
            return state.entries.values
        }
        for entry in entries {
            entry.timer.cancel()
            entry.call.questions.close()
            entry.call.cancel()
        }
    }

    private func answer(
        with call: ResumableCall, _ context: RequestContext, _ notifier: RequestNotifier
    ) async throws -> JSONObject {
        while true {
            let event =
                if let reporter = ProgressReporter(context, notifier) {
                    try await reporter.reporting { try await call.next(reportingTo: $0) }
                } else {
                    try await call.next(reportingTo: .unheard)
                }
            switch event {
            case .ended(let outcome): return try outcome.get()
            case .asks(let requests):
                let key: String
                do throws(UnaskableError) {
                    key = try suspend(call, asking: Set(requests.keys))
                } catch {
                    call.questions.settleAll(error.answer)
                    continue
                }
                let result: JSONObject = ["inputRequests": .object(requests), "requestState": .string(key)]
                return result.asResult(
                    for: context.revision, from: ServerIdentity.implementation, type: "input_required")
            }
        }
    }

    /// Keeps a call.
    ///
    /// - Parameter keys: those of the questions that the client is given.
    /// - Returns: the state under which it can be resumed.
    /// - Throws: ``UnaskableError`` if there is no room.
    private func suspend(_ call: ResumableCall, asking keys: Set<String>) throws(UnaskableError) -> String {
        let largest = FairShare.largest(of: Self.maxBytes)
        guard call.size <= largest else {
            throw UnaskableError(
                "a command that waits for answers may have \(largest >> 20) MiB: run a file that has the rest")
        }
        let key = TaskStore.makeID()
        try state.withLock { (state) throws(UnaskableError) in
            let all = state.entries.values.map(\.call)
            let own = all.filter { $0.user == call.user }
            guard !state.isClosed, FairShare.admits(own: own.count, taken: all.count, of: Self.maxCount),
                FairShare.admits(
                    call.size, own: own.reduce(0) { $0 + $1.size }, taken: all.reduce(0) { $0 + $1.size },
                    of: Self.maxBytes)
            else { throw UnaskableError("too many commands wait for answers") }
            let timer = Task { [weak self, clock, questions = call.questions] in
                try await abandoning(when: { try await clock.sleep(Self.maxSeconds) }) {
                    try? await questions.waitUntilClosed(keys)
                    try? await clock.sleep(Self.graceSeconds)
                }
                self?.expire(key)
            }
            state.entries[key] = Entry(call: call, timer: timer)
        }
        return key
    }

    private func expire(_ key: String) {
        state.withLock { $0.entries.removeValue(forKey: key) }?.call.cancel()
    }
}
