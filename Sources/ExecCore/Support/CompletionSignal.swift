import Threading

/// Something that happens once, and that any number of tasks can wait for.
final class CompletionSignal: Sendable {
    private struct State {
        var isComplete = false
        var nextTicket = 0
        var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
    }

    private let state = Locked(State())

    /// Says that it has happened.
    func complete() {
        let waiters = state.withLock { state in
            state.isComplete = true
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume(returning: true) }
    }

    /// Waits for it, at most for `seconds`.
    ///
    /// - Returns: whether it has happened.
    func wait(seconds: Double) async -> Bool {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        // Not a child task: cancelling the waiter must not cut the wait short.
        let timer = Task.detached { [self] in
            try await Task.sleep(for: .seconds(seconds))
            state.withLock { $0.waiters.removeValue(forKey: ticket) }?.resume(returning: false)
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { continuation in
            let isComplete = state.withLock { state in
                if !state.isComplete { state.waiters[ticket] = continuation }
                return state.isComplete
            }
            if isComplete { continuation.resume(returning: true) }
        }
    }
}
