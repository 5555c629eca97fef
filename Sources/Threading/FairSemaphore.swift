/// A counting semaphore for the tasks of several owners, such as users: the owner of the fewest permits is next, so
/// that many tasks of one owner don't keep out those of another. The tasks of one owner are served in order.
public final class FairSemaphore: Sendable {
    private struct State {
        var free: Int
        /// How many permits each owner holds; absent for none.
        var held: [String: Int] = [:]
        var waiters = WaiterQueue()
    }

    private let share: Int
    private let state: Locked<State>

    /// A semaphore with `count` permits.
    ///
    /// - Parameter share: how many of them one owner may hold, so that some are left for others; `nil` for all.
    public init(count: Int, share: Int? = nil) {
        self.share = share ?? count
        state = Locked(State(free: count))
    }

    /// The number of tasks that wait.
    public var waiterCount: Int { state.withLock { $0.waiters.count } }

    /// Acquires a permit, waiting for one if necessary. Must be balanced by ``signal(for:)``.
    ///
    /// - Throws: `CancellationError` if the task is cancelled first. No permit is held then, so ``signal(for:)`` must
    ///   not follow.
    public func wait(for owner: String) async throws {
        if state.withLock({ acquire(&$0, owner) }) { return }
        try await state.wait(in: \.waiters, for: owner) { acquire(&$0, owner) }
    }

    /// Releases a permit of `owner`.
    public func signal(for owner: String) {
        let next = state.withLock { state -> WaiterQueue.Waiter? in
            state.free += 1
            let left = (state.held[owner] ?? 1) - 1
            state.held[owner] = left > 0 ? left : nil
            let next = state.waiters.removeFirst { [held = state.held] owner in
                let count = held[owner] ?? 0
                return count < share ? count : nil
            }
            guard let next else { return nil }
            grant(&state, next.owner)
            return next.waiter
        }
        next?.resume()
    }

    /// While permits are free, no task waits that could have one: no newcomer overtakes any.
    private func acquire(_ state: inout State, _ owner: String) -> Bool {
        guard state.free > 0, state.held[owner] ?? 0 < share else { return false }
        grant(&state, owner)
        return true
    }

    private func grant(_ state: inout State, _ owner: String) {
        state.free -= 1
        state.held[owner, default: 0] += 1
    }
}
