/// How often something may happen: so many times at once, and after that so many times a second.
public struct TokenBucket: Sendable {
    private let perSecond: Double
    private let most: Double
    private var left: Double
    private var last: ContinuousClock.Instant?

    /// A budget of which nothing is used.
    ///
    /// - Parameter savedSeconds: how long what is not used can be saved up, in seconds, beside what may happen at once. What
    ///   waited in pipes while nobody read must not count as a flood.
    public init(perSecond: Double, atOnce: Double, savedSeconds: Double = 120) {
        self.perSecond = perSecond
        left = atOnce
        most = atOnce + perSecond * savedSeconds
    }

    /// Takes one. Returns whether there was one left.
    public mutating func take(at now: ContinuousClock.Instant) -> Bool {
        if let last {
            left = min(most, left + perSecond * max(0, last.duration(to: now) / .seconds(1)))
        }
        last = now
        guard left >= 1 else { return false }
        left -= 1
        return true
    }
}
