/// The time, which tests set as they like.
struct Timekeeper: Sendable {
    /// Seconds on a clock that nobody sets.
    var now: @Sendable () -> Double
    /// Waits so many seconds.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    var sleep: @Sendable (Double) async throws -> Void

    private static let origin = ContinuousClock.now

    /// The system's.
    static let system = Timekeeper(
        now: { origin.duration(to: .now) / .seconds(1) }, sleep: { try await Task.sleep(for: .seconds($0)) })
}
