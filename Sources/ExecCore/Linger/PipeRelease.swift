import ChildProcess
import Threading

/// Passes a sandbox's pipes from the thread that reads its output to the task that hands them over.
final class PipeRelease: Sendable {
    private enum State {
        case open
        case complete(PipeEnds)
        /// Nobody waits any more.
        case closed
    }

    private let state = Locked(State.open)
    private let isComplete = AsyncEvent()

    /// Delivers the pipes, or closes them if nobody waits any more.
    func complete(with ends: PipeEnds) {
        let isWanted = state.withLock { state in
            guard case .open = state else { return false }
            state = .complete(ends)
            return true
        }
        if isWanted { isComplete.complete() } else { ends.close() }
    }

    /// Waits for the pipes, which the caller then owns. Call at most once.
    func wait(seconds: Double) async -> PipeEnds? {
        _ = await isComplete.wait(seconds: seconds)
        return state.withLock { state in
            defer { state = .closed }
            guard case .complete(let ends) = state else { return nil }
            return ends
        }
    }
}
