import Threading

/// Limits the memory for large request bodies, of all connections together.
final class LargeBodyBudget: Sendable {
    /// Room for one body. Released when it is deinitialized.
    final class Reservation: Sendable {
        /// The size of the body.
        let bytes: Int
        private let budget: LargeBodyBudget

        fileprivate init(_ bytes: Int, _ budget: LargeBodyBudget) {
            self.bytes = bytes
            self.budget = budget
        }

        deinit { budget.used.withLock { $0 -= bytes } }
    }

    private let limit: Int
    private let used = Locked(0)

    /// - Parameter limit: the maximum total size in bytes.
    init(limit: Int) {
        self.limit = limit
    }

    /// Reserves room for a body.
    ///
    /// - Returns: `nil` if there is not enough room now.
    func reserve(_ bytes: Int) -> Reservation? {
        let fits = used.withLock { used in
            guard bytes <= limit - used else { return false }
            used += bytes
            return true
        }
        return fits ? Reservation(bytes, self) : nil
    }
}
