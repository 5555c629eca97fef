/// A FIFO counting semaphore for tasks.
public final class AsyncSemaphore: Sendable {
    private struct State {
        var free: Int
        var waiters = WaiterQueue()

        /// Fails while tasks wait, so that no newcomer overtakes them.
        mutating func tryAcquire() -> Bool {
            guard free > 0, waiters.isEmpty else { return false }
            free -= 1
            return true
        }
    }

    private let state: Locked<State>

    /// A semaphore with `count` permits.
    public init(count: Int) {
        state = Locked(State(free: count))
    }

    /// The number of tasks that wait.
    public var waiterCount: Int { state.withLock { $0.waiters.count } }

    /// Acquires a permit, waiting for one if necessary. Must be balanced by ``signal()``.
    ///
    /// - Throws: `CancellationError` if the task is cancelled first. No permit is held then, so ``signal()`` must not
    ///   follow.
    public func wait() async throws {
        if state.withLock({ $0.tryAcquire() }) { return }
        try await state.wait(in: \.waiters) { $0.tryAcquire() }
    }

    /// Releases a permit; resumes the task that has waited longest.
    public func signal() {
        let next = state.withLock { state in
            let next = state.waiters.removeFirst()
            if next == nil { state.free += 1 }
            return next
        }
        next?.resume()
    }
}
