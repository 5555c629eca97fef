/// A token bucket rate limiter: a burst of `atOnce` events, then `perSecond` events per second.
public struct TokenBucket: Sendable {
    private let perSecond: Double
    private let capacity: Double
    private var left: Double
    private var last: ContinuousClock.Instant?

    /// A full bucket.
    ///
    /// - Parameter savedSeconds: how many seconds of unused rate can accumulate on top of the burst. Data that waited
    ///   in pipes while nobody read must not count as a flood.
    public init(perSecond: Double, atOnce: Double, savedSeconds: Double = 120) {
        self.perSecond = perSecond
        left = atOnce
        capacity = atOnce + perSecond * savedSeconds
    }

    /// Removes a token. Returns whether one was available.
    public mutating func take(at now: ContinuousClock.Instant) -> Bool {
        if let last {
            left = min(capacity, left + perSecond * max(0, last.duration(to: now) / .seconds(1)))
        }
        last = now
        guard left >= 1 else { return false }
        left -= 1
        return true
    }
}
