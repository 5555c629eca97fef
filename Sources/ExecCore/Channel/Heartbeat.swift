/// Decides when to ask a guest for a sign of life, and when it counts as gone: after four intervals without one.
///
/// It counts the time in which this process ran. However long the process, the machine or its sandboxes were stopped
/// between two checks, that is at most ``maxStep``.
struct Heartbeat: Sendable {
    /// What is to be done after a check.
    enum Action: Sendable, Equatable {
        /// Nothing is due.
        case wait
        /// A ping is due.
        case ping
        /// The guest has given no sign of life for too long.
        case giveUp
    }

    /// After this many intervals without a sign of life, the guest is gone.
    static let maxSilentIntervals = 4
    /// The longest time between two checks that is counted.
    static let maxStep = Duration.seconds(3)

    let interval: Duration
    private var lastCheck: ContinuousClock.Instant?
    private var silence = Duration.zero
    private var untilPing: Duration

    /// - Parameter interval: the time between two pings.
    init(interval: Duration) {
        self.interval = interval
        untilPing = interval
    }

    /// - Parameter hasHeard: whether the guest has given a sign of life since the last check.
    mutating func check(at now: ContinuousClock.Instant, hasHeard: Bool) -> Action {
        let step = min(lastCheck?.duration(to: now) ?? .zero, Self.maxStep)
        lastCheck = now
        silence = hasHeard ? .zero : silence + step
        if silence >= interval * Self.maxSilentIntervals {
            silence = .zero
            return .giveUp
        }
        untilPing -= step
        guard untilPing <= .zero else { return .wait }
        untilPing = interval
        return .ping
    }
}
