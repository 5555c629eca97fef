import Threading

/// A semaphore with one permit, which users get in rotation: of those that wait, the one whose last turn is longest ago
/// is next, however many tasks of others wait. The tasks of one user are served in order.
final class UserTurns: Sendable {
    private struct State {
        var isTaken = false
        var waiters = WaiterQueue()
        /// The number of each user's last turn; emptied when a turn ends and no task waits.
        var served: [String: Int] = [:]
        var lastNumber = 0

        mutating func grant(to user: String) {
            isTaken = true
            lastNumber += 1
            served[user] = lastNumber
        }
    }

    private let state = Locked(State())

    /// The number of tasks that wait.
    var waiterCount: Int { state.withLock { $0.waiters.count } }

    /// Waits for the user's turn. Must be balanced by ``end()``.
    ///
    /// - Throws: `CancellationError` if the task is cancelled first. Then ``end()`` must not follow.
    func wait(for user: String) async throws {
        if state.withLock({ acquire(&$0, user) }) { return }
        try await state.wait(in: \.waiters, for: user) { acquire(&$0, user) }
    }

    /// Ends the turn.
    func end() {
        let next = state.withLock { state -> WaiterQueue.Waiter? in
            state.isTaken = false
            guard let next = state.waiters.removeFirst(rankedBy: { [served = state.served] in served[$0] ?? 0 }) else {
                state.served = [:]
                return nil
            }
            state.grant(to: next.owner)
            return next.waiter
        }
        next?.resume()
    }

    /// While the turn is free, no task waits: no newcomer overtakes any.
    private func acquire(_ state: inout State, _ user: String) -> Bool {
        guard !state.isTaken else { return false }
        state.grant(to: user)
        return true
    }
}
