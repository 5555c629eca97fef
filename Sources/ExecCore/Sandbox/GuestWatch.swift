import Threading

/// Watches whether the guest of a sandbox is still there: sends pings, and decides when it counts as gone.
final class GuestWatch: Sendable {
    private struct State {
        var heartbeat: Heartbeat
        /// Whether a ping waits until the guest reads.
        var isPinging = false
        /// Whether the engine is being asked about a guest that doesn't answer.
        var isAsking = false
    }

    private let channel: Channel
    private let isSuspended: @Sendable () async -> Bool
    private let onGone: @Sendable () -> Void
    private let state: Locked<State>

    /// - Parameters:
    ///   - interval: seconds between two pings.
    ///   - isSuspended: whether somebody has paused the sandbox. Asked only if it doesn't answer.
    ///   - onGone: called when the guest has given no sign of life for too long.
    init(
        _ channel: Channel, interval: Int, isSuspended: @escaping @Sendable () async -> Bool,
        onGone: @escaping @Sendable () -> Void
    ) {
        self.channel = channel
        self.isSuspended = isSuspended
        self.onGone = onGone
        state = Locked(State(heartbeat: Heartbeat(interval: .seconds(interval))))
    }

    /// To be called about once a second.
    func check(at now: ContinuousClock.Instant) {
        guard !channel.hasEnded else { return }
        let action = state.withLock { state -> Heartbeat.Action in
            // Signs of life that arrive meanwhile are left for `giveUp()`.
            guard !state.isAsking else { return .wait }
            let action = state.heartbeat.check(at: now, hasHeard: channel.takeSignOfLife())
            if action == .giveUp { state.isAsking = true }
            guard action == .ping else { return action }
            // A second one would only wait behind the first.
            defer { state.isPinging = true }
            return state.isPinging ? .wait : .ping
        }
        switch action {
        case .wait: return
        case .ping: Task { await ping() }
        case .giveUp: Task { await giveUp() }
        }
    }

    private func ping() async {
        await channel.ping()
        state.withLock { $0.isPinging = false }
    }

    private func giveUp() async {
        // The engine may take long to answer, and the guest may have given a sign of life in the meantime.
        if await isSuspended() || channel.takeSignOfLife() {
            state.withLock { $0.isAsking = false }
        } else {
            onGone()
        }
    }
}
