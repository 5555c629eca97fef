/// A FIFO queue of suspended tasks.
///
/// Part of the state that a lock protects, so that a task decides whether to wait and takes its place in the queue in
/// one atomic step. Tasks enter with ``Lockable/wait(in:unless:isolation:)``; the code that changes the state removes
/// the tasks that may continue and resumes them outside the lock.
public struct WaiterQueue: Sendable {
    /// A suspended task. Must be resumed exactly once after its removal from the queue.
    public struct Waiter: Sendable {
        fileprivate let ticket: Int
        /// What ``Lockable/wait(in:for:unless:isolation:)`` was given.
        fileprivate let owner: String
        fileprivate let continuation: CheckedContinuation<Void, any Error>

        /// Resumes the task.
        public func resume() { continuation.resume() }

        /// Resumes the task by throwing `error`.
        public func resume(throwing error: any Error) { continuation.resume(throwing: error) }
    }

    private var lastTicket = 0
    private var waiters: [Waiter] = []
    /// Tickets of tasks that were cancelled before they started to wait.
    private var cancelled: Set<Int> = []

    /// An empty queue.
    public init() {}

    /// The number of waiting tasks.
    public var count: Int { waiters.count }

    /// Whether no task is waiting.
    public var isEmpty: Bool { waiters.isEmpty }

    /// Removes the task that has waited longest; `nil` if the queue is empty.
    public mutating func removeFirst() -> Waiter? {
        waiters.isEmpty ? nil : waiters.removeFirst()
    }

    /// Removes the task whose owner has the lowest rank; of several, the one that has waited longest.
    ///
    /// - Parameter rank: returns an owner's rank; `nil` if its tasks must go on waiting.
    /// - Returns: the task and its owner; `nil` if there is none.
    public mutating func removeFirst(rankedBy rank: (String) -> Int?) -> (waiter: Waiter, owner: String)? {
        var best: (rank: Int, place: Int)?
        for (place, waiter) in waiters.enumerated() {
            guard let rank = rank(waiter.owner), rank < best?.rank ?? .max else { continue }
            best = (rank, place)
        }
        guard let best else { return nil }
        let waiter = waiters.remove(at: best.place)
        return (waiter, waiter.owner)
    }

    /// Removes all tasks, the one that has waited longest first.
    public mutating func removeAll() -> [Waiter] {
        defer { waiters = [] }
        return waiters
    }

    mutating func makeTicket() -> Int {
        lastTicket += 1
        return lastTicket
    }

    mutating func append(_ continuation: CheckedContinuation<Void, any Error>, ticket: Int, owner: String = "") {
        waiters.append(Waiter(ticket: ticket, owner: owner, continuation: continuation))
    }

    mutating func remove(ticket: Int) -> Waiter? {
        waiters.firstIndex { $0.ticket == ticket }.map { waiters.remove(at: $0) }
    }

    /// Removes the task with this ticket; if it isn't waiting yet, records the cancellation so that it never waits.
    fileprivate mutating func cancel(ticket: Int) -> Waiter? {
        let waiter = remove(ticket: ticket)
        if waiter == nil { cancelled.insert(ticket) }
        return waiter
    }

    /// Discards the recorded cancellation of the task with this ticket.
    ///
    /// - Returns: whether there was one.
    @discardableResult fileprivate mutating func removeCancellation(ticket: Int) -> Bool {
        cancelled.remove(ticket) != nil
    }
}

/// A mutex-protected value.
public protocol Lockable<Value>: Sendable {
    /// The protected value.
    associatedtype Value

    /// Runs `body` with exclusive access to the value. `body` must not block and must not use this lock again.
    func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result
}

extension Lockable where Value: Sendable {
    /// Waits at the end of a queue in the value until the task is removed from the queue and resumed.
    ///
    /// - Parameters:
    ///   - queue: the queue.
    ///   - owner: whom the task works for, if that matters for ``WaiterQueue/removeFirst(rankedBy:)``.
    ///   - isReady: called under the lock before the task waits; returns true if it need not wait. May change the
    ///     value.
    /// - Throws: `CancellationError` if the task is cancelled first, what `isReady` throws, and the error that the
    ///   task is resumed with.
    public func wait(
        in queue: any WritableKeyPath<Value, WaiterQueue> & Sendable, for owner: String = "",
        unless isReady: (inout Value) throws -> Bool,
        isolation: isolated (any Actor)? = #isolation
    ) async throws {
        let ticket = withLock { $0[keyPath: queue].makeTicket() }
        defer { withLock { _ = $0[keyPath: queue].removeCancellation(ticket: ticket) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = withLock { value in
                    if value[keyPath: queue].removeCancellation(ticket: ticket) {
                        return .failure(CancellationError())
                    }
                    do {
                        if try isReady(&value) { return .success(()) }
                    } catch {
                        return .failure(error)
                    }
                    value[keyPath: queue].append(continuation, ticket: ticket, owner: owner)
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            withLock { $0[keyPath: queue].cancel(ticket: ticket) }?.resume(throwing: CancellationError())
        }
    }
}
