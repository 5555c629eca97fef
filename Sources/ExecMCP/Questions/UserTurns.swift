import Threading

/// One turn at a time, which users get in rotation: who has waited for no turn longest is next, however many turns
/// another one waits for. Those of one user are served in order.
final class UserTurns: Sendable {
    private struct State {
        var isTaken = false
        var waiters = WaiterQueue()
        /// When each user last got a turn, since somebody has had to wait.
        var served: [String: Int] = [:]
        var lastNumber = 0

        mutating func take(_ user: String) {
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
            state.take(next.owner)
            return next.waiter
        }
        next?.resume()
    }

    /// While the turn is free, no task waits: no newcomer overtakes any.
    private func acquire(_ state: inout State, _ user: String) -> Bool {
        guard !state.isTaken else { return false }
        state.take(user)
        return true
    }
}
