/// The delays before a stream that has ended is opened again: exponential back-off, which a stream that has lasted resets.
struct ReopeningDelay {
    private let range: ClosedRange<Duration>
    private var delay: Duration

    /// - Parameter seconds: the first delay and the longest.
    init(_ seconds: ClosedRange<Double>) {
        range = .seconds(seconds.lowerBound)...(.seconds(seconds.upperBound))
        delay = range.lowerBound
    }

    /// Returns the next delay.
    ///
    /// - Parameters:
    ///   - lasted: how long the stream lasted, or the attempt to open it.
    ///   - wanted: the delay that the server asks for; a longer one than the longest is not granted.
    mutating func next(after lasted: Duration, wanted: Duration? = nil) -> Duration {
        if lasted >= range.upperBound { delay = range.lowerBound }
        defer { delay = min(range.upperBound, delay * 2) }
        return max(delay, min(wanted ?? .zero, range.upperBound))
    }
}
