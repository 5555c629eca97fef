import Threading

/// A token bucket per sender: a burst, then a steady rate of requests per second.
final class RateLimiter: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct Budget {
        var left: Double
        var last: Instant
    }

    /// Maximum number of senders to remember. Beyond that, those idle for longest are forgotten, which only refills
    /// their bucket.
    private static let maxSenders = 10_000

    private let perSecond: Double
    private let atOnce: Double
    private let budgets = Locked<[String: Budget]>([:])

    init(perSecond: Double, atOnce: Int) {
        self.perSecond = perSecond
        self.atOnce = Double(atOnce)
    }

    /// Consumes what a request costs.
    ///
    /// - Parameter cost: in tokens, more than 0 and at most 1.
    /// - Returns: `nil` if the request is allowed, else the seconds until it is.
    func acquire(_ sender: String, cost: Double = 1, now: Instant = .now) -> Int? {
        budgets.withLock { budgets in
            if budgets.count >= Self.maxSenders, budgets[sender] == nil { forget(&budgets, now) }
            var budget = budgets[sender] ?? Budget(left: atOnce, last: now)
            budget.left = min(atOnce, budget.left + perSecond * max(0, budget.last.duration(to: now) / .seconds(1)))
            budget.last = now
            let isThere = budget.left >= cost
            if isThere { budget.left -= cost }
            budgets[sender] = budget
            return isThere ? nil : Self.seconds((cost - budget.left) / perSecond)
        }
    }

    /// Whole seconds, at most an hour: with a rate of zero the wait would be infinite.
    private static func seconds(_ time: Double) -> Int {
        time < 3600 ? max(1, Int(time.rounded(.up))) : 3600
    }

    /// Forgets senders whose bucket is full again; if that does not suffice, those idle for longest.
    private func forget(_ budgets: inout [String: Budget], _ now: Instant) {
        budgets = budgets.filter { $0.value.last.duration(to: now) / .seconds(1) * perSecond < atOnce }
        guard budgets.count >= Self.maxSenders else { return }
        let oldest = budgets.sorted { $0.value.last < $1.value.last }.prefix(Self.maxSenders / 10)
        for (sender, _) in oldest { budgets[sender] = nil }
    }
}
