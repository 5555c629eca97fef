/// A user's sandbox as people see it.
package struct SandboxOverview: Sendable, Equatable {
    /// What it does.
    package enum State: String, Sendable {
        case starting
        /// Nothing runs in it.
        case idle
        /// Calls or background processes run in it.
        case busy
    }

    /// Its owner.
    package let user: UserID
    /// What it does now.
    package let state: State
    /// The name of its container; `nil` while it starts.
    package let container: String?
    /// When it was started, in seconds since 1970.
    package let startTime: Int

    init(of user: UserID, _ entry: PooledSandbox) {
        self.user = user
        startTime = Int(entry.startTime)
        container = entry.sandbox?.name
        state =
            switch entry.state {
            case .starting: .starting
            case .running, .ending: entry.activeCalls > 0 || entry.hasJobs ? .busy : .idle
            }
    }
}

extension SandboxPool {
    /// The sandboxes of all users, by the users' names.
    package var overviews: [SandboxOverview] {
        entries.filter { !$0.value.hasEnded }.map { SandboxOverview(of: $0.key, $0.value) }
            .sorted { $0.user.name < $1.user.name }
    }

    /// Returns the sandbox of a user; `nil` if the user has no sandbox. Neither starts nor uses it.
    package func overview(of user: UserID) -> SandboxOverview? {
        entries[user].flatMap { $0.hasEnded ? nil : SandboxOverview(of: user, $0) }
    }

    /// Counts the bytes in the workspace of a user's sandbox and its artifacts; `nil` if the sandbox isn't up, or if
    /// that takes too long. Doesn't count as a use of the sandbox.
    package func workspaceUse(of user: UserID) async -> Int? {
        guard case .running(let sandbox)? = entries[user]?.state else { return nil }
        return try? await sandbox.workspaceUse()
    }

    /// What the workspace and the artifacts may hold, in bytes; `nil` if exec-mcp sets no limit.
    package nonisolated var workspaceLimit: Int? {
        configuration.workspace == .persistent ? configuration.workspaceLimit.bytes : nil
    }
}

extension PooledSandbox {
    fileprivate var hasEnded: Bool {
        if case .ending = state { true } else { false }
    }
}
