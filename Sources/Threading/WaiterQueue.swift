/// Tasks that wait, in the order of their arrival.
///
/// A part of the state that a lock guards: whether a task must wait is decided, and its place taken, in one step. Tasks
/// enter with ``Lockable/wait(in:unless:isolation:)``; whoever changes the state removes those that may go on, and resumes
/// them outside the lock.
public struct WaiterQueue: Sendable {
    /// A task that waits. Must be resumed exactly once after it was removed from its queue.
    public struct Waiter: Sendable {
        fileprivate let ticket: Int
        fileprivate let continuation: CheckedContinuation<Void, any Error>

        /// Lets the task go on.
        public func resume() { continuation.resume() }

        /// Lets the task go on by throwing `error`.
        public func resume(throwing error: any Error) { continuation.resume(throwing: error) }
    }

    private var lastTicket = 0
    private var waiters: [Waiter] = []
    /// Tickets of tasks that were cancelled before they waited.
    private var cancelled: Set<Int> = []

    /// A queue in which no task waits.
    public init() {}

    /// How many tasks wait.
    public var count: Int { waiters.count }

    /// Whether no task waits.
    public var isEmpty: Bool { waiters.isEmpty }

    /// Removes the task that has waited longest; `nil` if none waits.
    public mutating func removeFirst() -> Waiter? {
        waiters.isEmpty ? nil : waiters.removeFirst()
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

    mutating func append(_ continuation: CheckedContinuation<Void, any Error>, ticket: Int) {
        waiters.append(Waiter(ticket: ticket, continuation: continuation))
    }

    mutating func remove(ticket: Int) -> Waiter? {
        waiters.firstIndex { $0.ticket == ticket }.map { waiters.remove(at: $0) }
    }

    /// Removes the task with this ticket, or has it not wait at all if it doesn't wait yet.
    fileprivate mutating func cancel(ticket: Int) -> Waiter? {
        let waiter = remove(ticket: ticket)
        if waiter == nil { cancelled.insert(ticket) }
        return waiter
    }

    /// Forgets that the task with this ticket was cancelled.
    ///
    /// - Returns: whether it was.
    @discardableResult fileprivate mutating func removeCancellation(ticket: Int) -> Bool {
        cancelled.remove(ticket) != nil
    }
}

/// A value that only one thread at a time can touch.
public protocol Lockable<Value>: Sendable {
    /// What the lock guards.
    associatedtype Value

    /// Runs `body` with the value while no other thread has it. `body` must not block and must not come back here.
    func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result
}

extension Lockable where Value: Sendable {
    /// Waits at the end of a queue in the value until the task is removed from there and resumed.
    ///
    /// - Parameters:
    ///   - queue: the queue.
    ///   - isReady: called under the lock before the task waits; returns whether it need not. May change the value.
    /// - Throws: `CancellationError` if the task is cancelled first, what `isReady` throws, and what the task is resumed
    ///   with.
    public func wait(
        in queue: any WritableKeyPath<Value, WaiterQueue> & Sendable, unless isReady: (inout Value) throws -> Bool,
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
                    value[keyPath: queue].append(continuation, ticket: ticket)
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            withLock { $0[keyPath: queue].cancel(ticket: ticket) }?.resume(throwing: CancellationError())
        }
    }
}
