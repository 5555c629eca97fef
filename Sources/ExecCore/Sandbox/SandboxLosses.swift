import SystemCalls
import Threading

/// Remembers which users lost a sandbox between calls, until they are notified.
public final class SandboxLosses: Sendable {
    /// How many users' losses are remembered. The oldest loss is dropped for the newest.
    static let maxUsers = 1024

    private struct Loss {
        let cause: String
        let time: time_t
    }

    private struct State {
        var losses: [UserID: Loss] = [:]
        /// The users, oldest loss first.
        var order: [UserID] = []
    }

    private let keepsWorkspace: Bool
    private let state = Locked(State())

    /// - Parameter keepsWorkspace: whether the files in `/workspace` outlive a sandbox.
    init(keepsWorkspace: Bool) {
        self.keepsWorkspace = keepsWorkspace
    }

    /// Records that a user has lost a sandbox now.
    ///
    /// - Parameter cause: the reason, as a predicate for a sentence about the sandbox: `was stopped because …`.
    func record(_ cause: String, for user: UserID) {
        let loss = Loss(cause: cause, time: time(nil))
        state.withLock { state in
            if state.losses.updateValue(loss, forKey: user) != nil { state.order.removeAll { $0 == user } }
            state.order.append(user)
            if state.order.count > Self.maxUsers { state.losses[state.order.removeFirst()] = nil }
        }
    }

    /// Removes and returns the notice to include in the user's next result; `nil` if none.
    public func take(for user: UserID) -> String? {
        let loss = state.withLock { state in
            guard let loss = state.losses.removeValue(forKey: user) else { return nil as Loss? }
            state.order.removeAll { $0 == user }
            return loss
        }
        return loss.map(note)
    }

    private func note(_ loss: Loss) -> String {
        let kept =
            keepsWorkspace
            ? "files in /workspace and /artifacts are still there"
            : "so are /workspace and /artifacts, which were in memory"
        return """
            Note: this is a new sandbox. The previous one \(loss.cause), at \(Self.text(loss.time)). Its background \
            processes, /tmp and the home directory with what was installed there are gone; \(kept).
            """
    }

    private static func text(_ time: time_t) -> String {
        var (time, parts) = (time, tm())
        guard gmtime_r(&time, &parts) != nil else { return "an unknown time" }
        var text = [CChar](repeating: 0, count: 32)
        let length = strftime(&text, text.count, "%Y-%m-%d %H:%M:%S UTC", &parts)
        return String(decoding: text.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
