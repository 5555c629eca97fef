import Threading

/// A number of turns that tasks take and give back; who finds none waits in a queue.
final class AsyncSemaphore: Sendable {
    private struct State {
        var free: Int
        var nextTicket = 0
        /// In the order of arrival; a cancelled waiter has left.
        var waiters: [(ticket: Int, continuation: CheckedContinuation<Void, any Error>)] = []
        var cancelled: Set<Int> = []
    }

    private let state: Locked<State>

    init(count: Int) {
        state = Locked(State(free: count))
    }

    /// How many tasks wait for a turn.
    var waiterCount: Int { state.withLock { $0.waiters.count } }

    /// Takes a turn.
    ///
    /// - Throws: `CancellationError` when the task is cancelled first; no turn is taken then.
    func wait() async throws {
        if state.withLock({ takeFree(&$0) }) { return }
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.remove(ticket) != nil { return .failure(CancellationError()) }
                    if takeFree(&state) { return .success(()) }
                    state.waiters.append((ticket, continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> CheckedContinuation<Void, any Error>? in
                guard let place = state.waiters.firstIndex(where: { $0.ticket == ticket }) else {
                    state.cancelled.insert(ticket)
                    return nil
                }
                return state.waiters.remove(at: place).continuation
            }
            waiter?.resume(throwing: CancellationError())
        }
        state.withLock { _ = $0.cancelled.remove(ticket) }
    }

    /// Gives a turn back.
    func signal() {
        let next = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard !state.waiters.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiters.removeFirst().continuation
        }
        next?.resume()
    }

    private func takeFree(_ state: inout State) -> Bool {
        guard state.free > 0, state.waiters.isEmpty else { return false }
        state.free -= 1
        return true
    }
}
