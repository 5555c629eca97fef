import Threading

/// A moment at which something is to be over.
struct Deadline: Sendable {
    /// On the timekeeper's clock.
    let moment: Double
    let timekeeper: Timekeeper

    /// So many seconds from now.
    init(in seconds: Double, on timekeeper: Timekeeper) {
        moment = timekeeper.now() + seconds
        self.timekeeper = timekeeper
    }

    var isOver: Bool { moment <= timekeeper.now() }

    /// Seconds to save what was made where a run took all of its time: it was made for somebody.
    private static let savingSeconds = 5.0

    /// When saving what the run made is to be over: with the run, but for a few seconds at least.
    var forSaving: Deadline {
        let rest = moment - timekeeper.now()
        return rest >= Self.savingSeconds ? self : Deadline(in: Self.savingSeconds, on: timekeeper)
    }
}

/// Runs `work` until it ends or the time is up; it is cancelled then, and its end waited for.
///
/// - Parameter deadline: `nil` for no limit.
/// - Returns: `nil` where the time was up first.
/// - Throws: what `work` throws.
func withDeadline<Value: Sendable>(
    _ deadline: Deadline?, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
    guard let deadline else { return try await work() }
    return try await withTimeLimit(
        {
            // The moment may come later than the sleep ends: machines sleep as well.
            while case let rest = deadline.moment - deadline.timekeeper.now(), rest > 0 {
                try await deadline.timekeeper.sleep(rest)
            }
            return true
        }, work)
}
