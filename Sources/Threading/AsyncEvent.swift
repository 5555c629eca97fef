/// A one-shot event that any number of tasks can await.
public final class AsyncEvent: Sendable {
    private struct State {
        var isComplete = false
        var waiters = WaiterQueue()
    }

    private struct TimeUpError: Error {}

    private let state = Locked(State())

    /// An event that has not happened yet.
    public init() {}

    /// Marks the event as happened and resumes every waiter.
    public func complete() {
        let waiters = state.withLock { state in
            state.isComplete = true
            return state.waiters.removeAll()
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits for the event, whether or not the task is cancelled.
    public func wait() async {
        _ = await wait(atMost: nil)
    }

    /// Waits for the event as ``wait()`` does, for at most `seconds`.
    ///
    /// - Returns: whether it has happened.
    public func wait(seconds: Double) async -> Bool {
        await wait(atMost: seconds)
    }

    /// Waits for the event.
    ///
    /// - Throws: `CancellationError` if the task is cancelled first.
    public func waitUnlessCancelled() async throws {
        try await state.wait(in: \.waiters) { $0.isComplete }
    }

    private func wait(atMost seconds: Double?) async -> Bool {
        var timer: Task<Void, any Error>?
        defer { timer?.cancel() }
        do {
            try await withCheckedThrowingContinuation { continuation in
                let ticket: Int? = state.withLock { state in
                    guard !state.isComplete else { return nil }
                    let ticket = state.waiters.makeTicket()
                    state.waiters.append(continuation, ticket: ticket)
                    return ticket
                }
                guard let ticket else { return continuation.resume() }
                guard let seconds else { return }
                // Not a child task: cancelling the waiter must not cut the wait short.
                timer = Task.detached { [state] in
                    try await Task.sleep(for: .seconds(seconds))
                    state.withLock { $0.waiters.remove(ticket: ticket) }?.resume(throwing: TimeUpError())
                }
            }
            return true
        } catch {
            return false
        }
    }
}
