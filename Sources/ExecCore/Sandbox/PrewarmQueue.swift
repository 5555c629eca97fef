import Threading

/// The users whose sandboxes are to be started ahead of their first call, in the order in which they were named.
///
/// Anyone may name users at any rate: nobody waits, a user waits here once, and no more of them than there may be
/// sandboxes.
final class PrewarmQueue: Sendable {
    private struct State {
        var waiting: [UserID] = []
        /// Whether somebody was told to come for those who wait.
        var isAnnounced = false
    }

    private let capacity: Int
    private let state = Locked(State())

    /// - Parameter capacity: how many users may wait; others are passed over.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Adds users.
    ///
    /// - Returns: whether somebody has to come for them now. `false` where one was told so before and has not yet got
    ///   `nil` from ``next()``.
    func add(_ users: [UserID]) -> Bool {
        state.withLock { state in
            for user in users where state.waiting.count < capacity && !state.waiting.contains(user) {
                state.waiting.append(user)
            }
            guard !state.isAnnounced, !state.waiting.isEmpty else { return false }
            state.isAnnounced = true
            return true
        }
    }

    /// Takes out who is next; `nil` once nobody is left.
    func next() -> UserID? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isAnnounced = false
                return nil
            }
            return state.waiting.removeFirst()
        }
    }
}
