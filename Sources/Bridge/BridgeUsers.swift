import ExecCore
import Threading

/// What belongs to each user. What can be made again is forgotten of users that come no more.
final class BridgeUsers: Sendable {
    /// A user's state while something needs it. What belongs to the user isn't forgotten as long as there is one.
    final class Lease: Sendable {
        let memory: Memory
        let catalog: UserCatalog
        private let onEnd: @Sendable () -> Void

        fileprivate init(_ memory: Memory, _ catalog: UserCatalog, onEnd: @escaping @Sendable () -> Void) {
            self.memory = memory
            self.catalog = catalog
            self.onEnd = onEnd
        }

        deinit { onEnd() }
    }

    /// What a user's session has come to.
    struct Memory: Sendable {
        let approvals: UserApprovals
        let sources: SessionSources
        let log = CallLog()

        /// Whether nothing but the log of calls would be missed.
        var isEmpty: Bool {
            !approvals.hasSessionApprovals && SourceKind.allCases.allSatisfy { sources.servers($0).isEmpty }
        }
    }

    private struct Entry {
        let memory: Memory
        /// The servers with their tools, and a search over them; `nil` if they were forgotten.
        var catalog: UserCatalog?
        var leases = 0
        var lastUse = 0
    }

    private struct State {
        var entries: [UserID: Entry] = [:]
        /// How often a state was asked for.
        var uses = 0
    }

    /// Of how many users that have no sandbox, and none of whose servers runs, the catalogs are kept. They are made again
    /// from the lists of tools on the disk, or by asking the servers.
    static let maxIdleCatalogs = 50
    /// How many users without a sandbox are remembered of whom nothing but the log of calls would be missed.
    static let maxEmpty = 1000

    private let makeMemory: @Sendable (UserID) -> Memory
    private let makeCatalog: @Sendable (UserID) -> UserCatalog
    private let onForget: @Sendable (UserID) -> Void
    private let state = Locked(State())

    /// - Parameter onForget: called when a user's catalog is forgotten, before another one can be made.
    init(
        makeMemory: @escaping @Sendable (UserID) -> Memory, makeCatalog: @escaping @Sendable (UserID) -> UserCatalog,
        onForget: @escaping @Sendable (UserID) -> Void
    ) {
        self.makeMemory = makeMemory
        self.makeCatalog = makeCatalog
        self.onForget = onForget
    }

    /// How many users something is known of.
    var count: Int { state.withLock { $0.entries.count } }

    /// Of how many there is a catalog.
    var catalogCount: Int { state.withLock { $0.entries.values.count { $0.catalog != nil } } }

    /// Returns what belongs to a user.
    func lease(of user: UserID) -> Lease {
        let entry = state.withLock { state in
            var entry = state.entries[user] ?? Entry(memory: makeMemory(user))
            state.uses += 1
            entry.leases += 1
            entry.lastUse = state.uses
            state.entries[user] = entry
            return entry
        }
        // From now on it isn't forgotten. Not under the lock: lists of tools are read for it.
        let made = entry.catalog ?? makeCatalog(user)
        let catalog = state.withLock { state in
            let catalog = state.entries[user]?.catalog ?? made
            state.entries[user]?.catalog = catalog
            return catalog
        }
        return Lease(entry.memory, catalog) { [weak self] in self?.end(user) }
    }

    private func end(_ user: UserID) {
        state.withLock { state in
            state.entries[user]?.leases -= 1
            forgetUnused(&state)
        }
    }

    private func forgetUnused(_ state: inout State) {
        let unused = state.entries.filter { $0.value.leases == 0 }
        if unused.count(where: { $0.value.catalog != nil }) > Self.maxIdleCatalogs {
            let idle = unused.filter { $0.value.catalog?.isIdle == true }.sorted { $0.value.lastUse < $1.value.lastUse }
            for (user, _) in idle.dropLast(Self.maxIdleCatalogs) {
                state.entries[user]?.catalog = nil
                onForget(user)
            }
        }
        guard unused.count > Self.maxEmpty else { return }
        let empty = state.entries
            .filter { $0.value.leases == 0 && $0.value.catalog == nil && $0.value.memory.isEmpty }
            .sorted { $0.value.lastUse < $1.value.lastUse }
        for (user, _) in empty.prefix(unused.count - Self.maxEmpty) { state.entries[user] = nil }
    }
}
