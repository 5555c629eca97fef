/// How often something may happen: so many times at once, and after that so many times a second.
struct RateBudget: Sendable {
    private let perSecond: Double
    private let most: Double
    private var left: Double
    private var last: ContinuousClock.Instant?

    init(perSecond: Double, atOnce: Double) {
        self.perSecond = perSecond
        most = atOnce
        left = atOnce
    }

    /// Takes one. Returns whether there was one left.
    mutating func take(at now: ContinuousClock.Instant) -> Bool {
        if let last { left = min(most, left + perSecond * max(0, last.duration(to: now) / .seconds(1))) }
        last = now
        guard left >= 1 else { return false }
        left -= 1
        return true
    }
}
