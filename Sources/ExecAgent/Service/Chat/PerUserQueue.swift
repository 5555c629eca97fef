import Threading

/// Lets one run of a conversation work at a time; others wait in the order in which they came.
///
/// They wait and are not refused: two messages of one conversation at once would both go on from the same history, and
/// what one of them adds would be lost. A run that belongs to no conversation waits for nobody.
final class PerUserQueue: Sendable {
    /// A run's place in its conversation's row. It is given back when nobody holds it any more.
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
        func wait() async throws { try await hasCome.waitUnlessCancelled() }

        /// Whether the conversation was ended since the turn came.
        var isForgotten: Bool { turns.isForgotten(row) }

        /// Gives the place back.
        func end() { turns.end(row, number) }
    }

    private struct Row {
        /// The runs, the one whose turn it is first, with what tells them that it is.
        var runs: [(number: Int, hasCome: AsyncEvent)] = []
        var isForgotten = false
    }

    private struct State {
        var lastNumber = 0
        var count = 0
        var rows: [String: Row] = [:]
    }

    private let maxWaiting: Int
    private let most: Int
    private let state = Locked(State())

    /// - Parameters:
    ///   - maxWaiting: runs of one conversation that may wait.
    ///   - most: runs of all.
    init(maxWaiting: Int, most: Int) {
        self.maxWaiting = maxWaiting
        self.most = most
    }

    /// Takes a place at the end of a conversation's row.
    ///
    /// - Parameter conversation: `nil` for a row of its own.
    /// - Throws: ``APIRequestError`` where there are too many.
    func take(for conversation: String?) throws(APIRequestError) -> Turn {
        let hasCome = AsyncEvent()
        let place: (row: String, number: Int)? = state.withLock { state in
            // No conversation's name begins with a slash.
            let row = conversation ?? "/\(state.lastNumber + 1)"
            guard state.count < most, state.rows[row]?.runs.count ?? 0 <= maxWaiting else { return nil }
            state.lastNumber += 1
            state.count += 1
            state.rows[row, default: Row()].runs.append((state.lastNumber, hasCome))
            if state.rows[row]?.runs.count == 1 { hasCome.complete() }
            return (row, state.lastNumber)
        }
        guard let place else {
            throw APIRequestError(
                429, "Too many runs wait already. Try again when some have ended.", type: "rate_limit_error",
                code: "too_many_runs", retryAfter: 5)
        }
        return Turn(place.row, place.number, hasCome, self)
    }

    /// Says that what runs for a user now is not to be kept.
    ///
    /// - Returns: whether anything runs.
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
            // Whoever still waits for a place that was given back must not wait forever.
            row.runs.remove(at: place).hasCome.complete()
            state.count -= 1
            // What was to be forgotten is what ran; the next begins anew.
            if place == 0 { row.isForgotten = false }
            state.rows[name] = row.runs.isEmpty ? nil : row
            return row.runs.first?.hasCome
        }
        next?.complete()
    }
}
