import Threading

/// A FIFO queue per conversation: one run works at a time, the others wait in order of arrival.
///
/// Runs wait rather than being rejected: two concurrent messages of one conversation would both continue the same
/// history, and what one of them adds would be lost. A run without a conversation never waits.
final class PerUserQueue: Sendable {
    /// A run's place in the queue of its conversation. Released at the latest when it is deinitialized.
    final class Turn: Sendable {
        fileprivate let row: String
        fileprivate let number: Int
        private let hasCome: AsyncEvent
        private let turns: PerUserQueue

        fileprivate init(_ row: String, _ number: Int, _ hasCome: AsyncEvent, _ turns: PerUserQueue) {
            self.row = row
            self.number = number
            self.hasCome = hasCome
            self.turns = turns
        }

        deinit { end() }

        /// Waits until it is this run's turn.
        ///
        /// - Throws: `CancellationError`.
        func wait() async throws {
            let start = ContinuousClock.now
            turns.metrics.beginWait()
            defer { turns.metrics.endWait(seconds: start.duration(to: .now) / .seconds(1)) }
            try await hasCome.waitUnlessCancelled()
        }

        /// Whether the conversation was ended after this run's turn started.
        var isForgotten: Bool { turns.isForgotten(row) }

        /// Releases the place.
        func end() { turns.end(row, number) }
    }

    private struct Row {
        /// The runs with the event that signals their turn; the current one is first.
        var runs: [(number: Int, hasCome: AsyncEvent)] = []
        var isForgotten = false
    }

    private struct State {
        var lastNumber = 0
        var count = 0
        var rows: [String: Row] = [:]
    }

    private let maxWaiting: Int
    private let maxRuns: Int
    private let metrics: AgentMetrics
    private let state = Locked(State())

    /// - Parameters:
    ///   - maxWaiting: maximum number of waiting runs per conversation.
    ///   - maxRuns: maximum number of runs in total.
    ///   - metrics: counts those that wait.
    init(maxWaiting: Int, maxRuns: Int, metrics: AgentMetrics = AgentMetrics()) {
        self.metrics = metrics
        self.maxWaiting = maxWaiting
        self.maxRuns = maxRuns
    }

    /// Acquires a place at the end of a conversation's queue.
    ///
    /// - Parameter conversation: `nil` for a queue of its own.
    /// - Throws: ``APIRequestError`` if there are too many runs.
    func acquire(for conversation: String?) throws(APIRequestError) -> Turn {
        let hasCome = AsyncEvent()
        let place: (row: String, number: Int)? = state.withLock { state in
            // A conversation's name never starts with a slash.
            let row = conversation ?? "/\(state.lastNumber + 1)"
            guard state.count < maxRuns, state.rows[row]?.runs.count ?? 0 <= maxWaiting else { return nil }
            state.lastNumber += 1
            state.count += 1
            state.rows[row, default: Row()].runs.append((state.lastNumber, hasCome))
            if state.rows[row]?.runs.count == 1 { hasCome.complete() }
            return (row, state.lastNumber)
        }
        guard let place else {
            throw APIRequestError(
                429, "Too many runs are waiting. Try again when some have ended.", type: "rate_limit_error",
                code: "too_many_runs", retryAfter: 5)
        }
        return Turn(place.row, place.number, hasCome, self)
    }

    /// Marks a user's current runs as not to be stored.
    ///
    /// - Returns: whether there are any.
    func forget(_ user: String) -> Bool {
        state.withLock { state in
            let rows = state.rows.keys.filter { Caller.isConversation($0, of: user) }
            for row in rows { state.rows[row]?.isForgotten = true }
            return !rows.isEmpty
        }
    }

    private func isForgotten(_ row: String) -> Bool {
        state.withLock { $0.rows[row]?.isForgotten ?? false }
    }

    private func end(_ name: String, _ number: Int) {
        let next = state.withLock { state -> AsyncEvent? in
            guard var row = state.rows[name], let place = row.runs.firstIndex(where: { $0.number == number }) else {
                return nil
            }
            // If a released place is still awaited, the waiter must not hang.
            row.runs.remove(at: place).hasCome.complete()
            state.count -= 1
            // Only the run that was working is forgotten; the next one starts afresh.
            if place == 0 { row.isForgotten = false }
            state.rows[name] = row.runs.isEmpty ? nil : row
            return row.runs.first?.hasCome
        }
        next?.complete()
    }
}
