import Threading

/// A point in time by which an operation must end.
struct Deadline: Sendable {
    /// On the timekeeper's clock.
    let moment: Double
    let timekeeper: Timekeeper

    /// Creates a deadline this number of seconds from now.
    init(in seconds: Double, on timekeeper: Timekeeper) {
        moment = timekeeper.now() + seconds
        self.timekeeper = timekeeper
    }

    var isOver: Bool { moment <= timekeeper.now() }

    /// Minimum seconds for saving artifacts, even if the run used up its time: the user still wants the results.
    private static let savingSeconds = 5.0

    /// The deadline for saving what the run created: the run's own, but at least a few seconds from now.
    var forSaving: Deadline {
        let rest = moment - timekeeper.now()
        return rest >= Self.savingSeconds ? self : Deadline(in: Self.savingSeconds, on: timekeeper)
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
            while case let rest = deadline.moment - deadline.timekeeper.now(), rest > 0 {
                try await deadline.timekeeper.sleep(rest)
            }
            return true
        }, work)
}
