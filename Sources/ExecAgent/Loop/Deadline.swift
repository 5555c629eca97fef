import Threading

/// A point in time by which an operation must end.
struct Deadline: Sendable {
    /// Seconds on `clock`.
    let moment: Double
    let clock: MonotonicClock

    /// Creates a deadline this number of seconds from now.
    init(in seconds: Double, on clock: MonotonicClock) {
        moment = clock.now() + seconds
        self.clock = clock
    }

    var isOver: Bool { moment <= clock.now() }

    /// Minimum seconds for saving artifacts, even if the run used up its time: the user still wants the results.
    private static let savingSeconds = 5.0

    /// The deadline for saving what the run created: the run's own, but at least a few seconds from now.
    var forSaving: Deadline {
        let rest = moment - clock.now()
        return rest >= Self.savingSeconds ? self : Deadline(in: Self.savingSeconds, on: clock)
    }
}

/// Runs `work` until it ends or the deadline passes; it is then cancelled, and its end is awaited.
///
/// - Parameter deadline: `nil` for no limit.
/// - Returns: `nil` if the deadline passed first.
/// - Throws: any error that `work` throws.
func withDeadline<Value: Sendable>(
    _ deadline: Deadline?, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
    guard let deadline else { return try await work() }
    return try await withTimeLimit(
        {
            // The sleep may end before the deadline if the machine was suspended.
            while case let rest = deadline.moment - deadline.clock.now(), rest > 0 {
                try await deadline.clock.sleep(rest)
            }
            return true
        }, work)
}
