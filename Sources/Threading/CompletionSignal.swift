/// Something that happens once, and that any number of tasks can wait for.
public final class CompletionSignal: Sendable {
    private struct State {
        var isComplete = false
        var nextTicket = 0
        var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
    }

    private let state = Locked(State())

    /// Something that has not happened yet.
    public init() {}

    /// Says that it has happened.
    public func complete() {
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
    public func wait(seconds: Double) async -> Bool {
        await withCheckedContinuation { continuation in
            let ticket: Int? = state.withLock { state in
                guard !state.isComplete else { return nil }
                state.nextTicket += 1
                state.waiters[state.nextTicket] = continuation
                return state.nextTicket
            }
            guard let ticket else { return continuation.resume(returning: true) }
            // Not a child task: cancelling the waiter must not cut the wait short.
            Task.detached { [self] in
                try await Task.sleep(for: .seconds(seconds))
                state.withLock { $0.waiters.removeValue(forKey: ticket) }?.resume(returning: false)
            }
        }
    }
}
