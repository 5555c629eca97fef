import MCPClient
import Threading

/// What a legacy server asks: such a server does not say during which call. Its question is passed on if only one run
/// has calls of this server in progress. Otherwise it would reach somebody else, so it is dismissed.
final class LegacyCallQuestions: ElicitationHandler {
    private struct Run {
        /// The calls in progress, the newest last.
        var calls: [(number: Int, questions: CallQuestions)] = []
        /// Completes when the last of them has ended.
        let hasEnded = AsyncEvent()
    }

    private struct State {
        var lastNumber = 0
        var runs: [ObjectIdentifier: Run] = [:]
        /// Calls during which nobody can be asked.
        var mute = 0
    }

    let modes: Set<Elicitation.Mode>
    private let server: String
    private let state = Locked(State())

    /// - Parameter server: the server's name.
    init(server: String, modes: Set<Elicitation.Mode>) {
        self.server = server
        self.modes = modes
    }

    /// Runs `call`, during which the server may ask.
    ///
    /// - Parameter questions: the call's questions; `nil` if nobody can be asked.
    func during<Value, Failure: Error>(
        _ questions: CallQuestions?, _ call: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        guard let questions else {
            state.withLock { $0.mute += 1 }
            defer { state.withLock { $0.mute -= 1 } }
            return try await call()
        }
        let run = ObjectIdentifier(questions.answerer)
        let number = state.withLock { state in
            state.lastNumber += 1
            state.runs[run, default: Run()].calls.append((state.lastNumber, questions))
            return state.lastNumber
        }
        defer {
            let ended = state.withLock { state -> AsyncEvent? in
                state.runs[run]?.calls.removeAll { $0.number == number }
                guard state.runs[run]?.calls.isEmpty == true else { return nil }
                return state.runs.removeValue(forKey: run)?.hasEnded
            }
            ended?.complete()
        }
        return try await call()
    }

    func answer(_ elicitation: Elicitation) async -> ElicitationAnswer {
        let run = state.withLock { state in
            state.runs.count == 1 && state.mute == 0 ? state.runs.values.first : nil
        }
        guard let run, let questions = run.calls.last?.questions else { return .cancel }
        return await withTaskGroup(of: ElicitationAnswer.self) { [server] group in
            group.addTask { await questions.answer(elicitation, from: server) }
            group.addTask {
                try? await run.hasEnded.waitUnlessCancelled()
                return .cancel
            }
            let first = await group.next() ?? .cancel
            group.cancelAll()
            return first
        }
    }
}
