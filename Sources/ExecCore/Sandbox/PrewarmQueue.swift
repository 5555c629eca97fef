import Threading

/// A FIFO queue of the users whose sandboxes are to be prewarmed, started ahead of their first call.
///
/// Anyone may add users at any rate: adding never blocks, duplicates are ignored, and the queue holds at most as many
/// users as there may be sandboxes.
final class PrewarmQueue: Sendable {
    private struct State {
        var waiting: [UserID] = []
        /// Whether a consumer has been asked to drain the queue.
        var isAnnounced = false
    }

    private let capacity: Int
    private let state = Locked(State())

    /// - Parameter capacity: how many users may be queued. Further ones are ignored.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Adds users.
    ///
    /// - Returns: whether the caller must start draining the queue. `false` if an earlier caller was asked to and has
    ///   not yet received `nil` from ``next()``.
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

    /// Removes and returns the next user; `nil` once the queue is empty.
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
