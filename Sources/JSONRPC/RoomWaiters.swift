/// Tasks that wait until there is room for more. Each has a ticket, by which it can be cancelled before it waits.
struct RoomWaiters {
    private var lastTicket = 0
    private var continuations: [Int: CheckedContinuation<Void, Never>] = [:]
    private var cancelled: Set<Int> = []

    mutating func newTicket() -> Int {
        lastTicket += 1
        return lastTicket
    }

    /// Has a task wait.
    ///
    /// - Returns: false where it was cancelled and does not.
    mutating func add(_ continuation: CheckedContinuation<Void, Never>, _ ticket: Int) -> Bool {
        guard !cancelled.contains(ticket) else { return false }
        continuations[ticket] = continuation
        return true
    }

    /// - Returns: what lets the task go on, if it waits.
    mutating func cancel(_ ticket: Int) -> CheckedContinuation<Void, Never>? {
        cancelled.insert(ticket)
        return continuations.removeValue(forKey: ticket)
    }

    /// The task with this ticket has gone on.
    mutating func forget(_ ticket: Int) {
        cancelled.remove(ticket)
    }

    /// What lets all go on.
    mutating func takeAll() -> [CheckedContinuation<Void, Never>] {
        defer { continuations = [:] }
        return Array(continuations.values)
    }
}
