/// A clock that tests can replace.
public struct MonotonicClock: Sendable {
    /// Returns the monotonic time in seconds.
    public var now: @Sendable () -> Double
    /// Suspends the task for a number of seconds.
    ///
    /// - Throws: `CancellationError` if the task is cancelled.
    public var sleep: @Sendable (Double) async throws -> Void

    /// A custom clock.
    public init(now: @escaping @Sendable () -> Double, sleep: @escaping @Sendable (Double) async throws -> Void) {
        self.now = now
        self.sleep = sleep
    }

    private static let origin = ContinuousClock.now

    /// The system's monotonic clock.
    public static let system = MonotonicClock(
        now: { origin.duration(to: .now) / .seconds(1) }, sleep: { try await Task.sleep(for: .seconds($0)) })
}
