/// A FIFO counting semaphore for tasks.
public final class AsyncSemaphore: Sendable {
    private struct State {
        var free: Int
        var waiters = WaiterQueue()

        /// Nobody passes those that wait.
        mutating func takeFree() -> Bool {
            guard free > 0, waiters.isEmpty else { return false }
            free -= 1
            return true
        }
    }

    private let state: Locked<State>

    /// A semaphore that as many tasks as `count` can pass at once.
    public init(count: Int) {
        state = Locked(State(free: count))
    }

    /// How many tasks wait.
    public var waiterCount: Int { state.withLock { $0.waiters.count } }

    /// Waits until fewer than the count are past it. ``signal()`` must follow.
    ///
    /// - Throws: `CancellationError` if the task is cancelled first; ``signal()`` must not follow then.
    public func wait() async throws {
        if state.withLock({ $0.takeFree() }) { return }
        try await state.wait(in: \.waiters) { $0.takeFree() }
    }

    /// Lets the next task pass.
    public func signal() {
        let next = state.withLock { state in
            let next = state.waiters.removeFirst()
            if next == nil { state.free += 1 }
            return next
        }
        next?.resume()
    }
}
