import Threading

/// Limits the memory for large request bodies, of all connections together.
final class LargeBodyBudget: Sendable {
    /// Room for one body. Released when it is deinitialized.
    final class Reservation: Sendable {
        /// The size of the body.
        let bytes: Int
        private let client: String
        private let budget: LargeBodyBudget

        fileprivate init(_ bytes: Int, _ client: String, _ budget: LargeBodyBudget) {
            self.bytes = bytes
            self.client = client
            self.budget = budget
        }

        deinit { budget.shares.withLock { $0.release(bytes, of: client) } }
    }

    private let shares: Locked<FairBudget<String>>

    /// - Parameters:
    ///   - limit: the maximum total size in bytes.
    ///   - guaranteed: up to what total size a client's bodies go before those of clients with more.
    init(limit: Int, guaranteed: Int) {
        shares = Locked(FairBudget(limit: limit, guaranteed: guaranteed))
    }

    /// Reserves room for a body of a client.
    ///
    /// - Throws: 503 if there isn't enough room now.
    func reserve(_ bytes: Int, for client: String) throws(HTTPError) -> Reservation {
        switch shares.withLock({ $0.take(bytes, for: client) }) {
        case nil: return Reservation(bytes, client, self)
        case .ownShare: throw .tooManyLargeBodiesOfOne
        case .full: throw .tooManyLargeBodies
        }
    }
}
