/// How often something may happen: so many times at once, and after that so many times a second.
struct RateBudget: Sendable {
    /// What can be saved up, in seconds. What waited in pipes while nobody read must not count as a flood.
    private static let longestWait = 120.0

    private let perSecond: Double
    private let most: Double
    private var left: Double
    private var last: ContinuousClock.Instant?

    init(perSecond: Double, atOnce: Double) {
        self.perSecond = perSecond
        left = atOnce
        most = atOnce + perSecond * Self.longestWait
    }

    /// Takes one. Returns whether there was one left.
    mutating func take(at now: ContinuousClock.Instant) -> Bool {
        if let last {
            left = min(most, left + perSecond * max(0, last.duration(to: now) / .seconds(1)))
        }
        last = now
        guard left >= 1 else { return false }
        left -= 1
        return true
    }
}
