/// The time, which tests set as they like.
public struct Timekeeper: Sendable {
    /// Seconds on a clock that nobody sets.
    public var now: @Sendable () -> Double
    /// Waits so many seconds.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    public var sleep: @Sendable (Double) async throws -> Void

    /// A time of one's own.
    public init(now: @escaping @Sendable () -> Double, sleep: @escaping @Sendable (Double) async throws -> Void) {
        self.now = now
        self.sleep = sleep
    }

    private static let origin = ContinuousClock.now

    /// The system's.
    public static let system = Timekeeper(
        now: { origin.duration(to: .now) / .seconds(1) }, sleep: { try await Task.sleep(for: .seconds($0)) })
}
