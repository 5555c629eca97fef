import Threading

/// Lets one run of a conversation work at a time; others wait in the order in which they came.
///
/// They wait and are not refused: two messages of one conversation at once would both go on from the same history, and
/// what one of them adds would be lost. A run that belongs to no conversation waits for nobody.
final class UserTurns: Sendable {
    /// A run's place in its conversation's row. It is given back when nobody holds it any more.
    final class Turn: Sendable {
        fileprivate let row: String
        fileprivate let number: Int
        private let turns: UserTurns

        fileprivate init(_ row: String, _ number: Int, _ turns: UserTurns) {
            self.row = row
            self.number = number
            self.turns = turns
        }

        deinit { end() }

        /// Waits until it is this run's turn.
        ///
        /// - Throws: `CancellationError`.
        func wait() async throws { try await turns.wait(for: self) }

        /// Whether the conversation was ended since the turn came.
        var isForgotten: Bool { turns.isForgotten(row) }

        /// Gives the place back.
        func end() { turns.end(row, number) }
    }

    private struct Row {
        /// The numbers of the runs, the one whose turn it is first.
        var numbers: [Int] = []
        var waiters: [Int: CheckedContinuation<Void, any Error>] = [:]
        var isForgotten = false
    }

    private struct State {
        var lastNumber = 0
        var count = 0
        var rows: [String: Row] = [:]
        var cancelled: Set<Int> = []
    }

    private let mostWaiting: Int
    private let most: Int
    private let state = Locked(State())

    /// - Parameters:
    ///   - mostWaiting: runs of one conversation that may wait.
    ///   - most: runs of all.
    init(mostWaiting: Int, most: Int) {
        self.mostWaiting = mostWaiting
        self.most = most
    }

    /// Takes a place at the end of a conversation's row.
    ///
    /// - Parameter conversation: `nil` for a row of its own.
    /// - Throws: ``ServiceFailure`` where there are too many.
    func take(for conversation: String?) throws(ServiceFailure) -> Turn {
        let place: (row: String, number: Int)? = state.withLock { state in
            // No conversation's name begins with a slash.
            let row = conversation ?? "/\(state.lastNumber + 1)"
            guard state.count < most, state.rows[row]?.numbers.count ?? 0 <= mostWaiting else { return nil }
            state.lastNumber += 1
            state.count += 1
            state.rows[row, default: Row()].numbers.append(state.lastNumber)
            return (row, state.lastNumber)
        }
        guard let place else {
            throw ServiceFailure(
                429, "Too many runs wait already. Try again when some have ended.", type: "rate_limit_error",
                code: "too_many_runs", retryAfter: 5)
        }
        return Turn(place.row, place.number, self)
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

    private func wait(for turn: Turn) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.remove(turn.number) != nil { return .failure(CancellationError()) }
                    guard let row = state.rows[turn.row], row.numbers.first != turn.number else {
                        return .success(())
                    }
                    state.rows[turn.row]?.waiters[turn.number] = continuation
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                let waiter = state.rows[turn.row]?.waiters.removeValue(forKey: turn.number)
                if waiter == nil { state.cancelled.insert(turn.number) }
                return waiter
            }
            waiter?.resume(throwing: CancellationError())
        }
        state.withLock { _ = $0.cancelled.remove(turn.number) }
    }

    private func isForgotten(_ row: String) -> Bool {
        state.withLock { $0.rows[row]?.isForgotten ?? false }
    }

    private func end(_ name: String, _ number: Int) {
        let next = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            state.cancelled.remove(number)
            guard var row = state.rows[name], let place = row.numbers.firstIndex(of: number) else { return nil }
            row.numbers.remove(at: place)
            state.count -= 1
            // What was to be forgotten is what ran; the next begins anew.
            if place == 0 { row.isForgotten = false }
            let next = row.numbers.first.flatMap { row.waiters.removeValue(forKey: $0) }
            state.rows[name] = row.numbers.isEmpty ? nil : row
            return next
        }
        next?.resume()
    }
}
