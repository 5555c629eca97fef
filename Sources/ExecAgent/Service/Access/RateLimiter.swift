import Threading

/// How many requests each sender may send: so many at once, and after that so many a second.
final class RateLimiter: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct Budget {
        var left: Double
        var last: Instant
    }

    /// More senders are not remembered at once: of those that rested longest nothing is lost but that they were there.
    private static let maxSenders = 10_000

    private let perSecond: Double
    private let atOnce: Double
    private let budgets = Locked<[String: Budget]>([:])

    init(perSecond: Double, atOnce: Int) {
        self.perSecond = perSecond
        self.atOnce = Double(atOnce)
    }

    /// Takes one request.
    ///
    /// - Returns: `nil` if it may be sent, and otherwise the seconds after which one may.
    func take(_ sender: String, now: Instant = .now) -> Int? {
        budgets.withLock { budgets in
            if budgets.count >= Self.maxSenders, budgets[sender] == nil { forget(&budgets, now) }
            var budget = budgets[sender] ?? Budget(left: atOnce, last: now)
            budget.left = min(atOnce, budget.left + perSecond * max(0, budget.last.duration(to: now) / .seconds(1)))
            budget.last = now
            let isThere = budget.left >= 1
            if isThere { budget.left -= 1 }
            budgets[sender] = budget
            return isThere ? nil : Self.seconds((1 - budget.left) / perSecond)
        }
    }

    /// Whole seconds, at most an hour: with a rate of nought it would be for ever.
    private static func seconds(_ time: Double) -> Int {
        time < 3600 ? max(1, Int(time.rounded(.up))) : 3600
    }

    /// Forgets who has a whole budget again, or else who was last heard of longest ago.
    private func forget(_ budgets: inout [String: Budget], _ now: Instant) {
        budgets = budgets.filter { $0.value.last.duration(to: now) / .seconds(1) * perSecond < atOnce }
        guard budgets.count >= Self.maxSenders else { return }
        let oldest = budgets.sorted { $0.value.last < $1.value.last }.prefix(Self.maxSenders / 10)
        for (sender, _) in oldest { budgets[sender] = nil }
    }
}
