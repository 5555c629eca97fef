import ChildProcess
import Threading

/// Where the thread that reads a sandbox's output leaves its pipes for whoever hands them on.
final class PipeRelease: Sendable {
    private enum State {
        case open
        case complete(PipeEnds)
        /// Nobody waits any more.
        case closed
    }

    private let state = Locked(State.open)
    private let isComplete = AsyncEvent()

    /// Leaves the pipes. Where nobody waits any more they are closed.
    func complete(with ends: PipeEnds) {
        let isWanted = state.withLock { state in
            guard case .open = state else { return false }
            state = .complete(ends)
            return true
        }
        if isWanted { isComplete.complete() } else { ends.close() }
    }

    /// Waits for the pipes, which are the caller's then. To be called once.
    func wait(seconds: Double) async -> PipeEnds? {
        _ = await isComplete.wait(seconds: seconds)
        return state.withLock { state in
            defer { state = .closed }
            guard case .complete(let ends) = state else { return nil }
            return ends
        }
    }
}
