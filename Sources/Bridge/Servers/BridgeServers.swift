import BridgeModules
import Diagnostics
import ExecCore
import Threading

/// The processes of all servers: one for each user, or one for all if the entry says so. They outlive the sandboxes
/// that call them.
final class BridgeServers: Sendable {
    private struct State {
        var users: [UserID: [BridgeServer]] = [:]
        var shared: [Int: BridgeServer] = [:]
        var isClosed = false
    }

    private let entries: [BridgeServerEntry]
    private let modules: [String]
    private let make: @Sendable (Int, BridgeServerEntry, String, UserID?) -> BridgeServer
    private let state = Locked(State())

    /// - Parameters:
    ///   - environment: this process's environment.
    ///   - stateDirectory: where the servers' tools are kept between runs; `nil` for nowhere.
    ///   - recording: whether answers are recorded, or come from a recording.
    init(
        _ entries: [BridgeServerEntry], environment: [String: String], stateDirectory: StateDirectory?,
        recording: RecordingMode = .off, clock: MonotonicClock = .system, logger: Logger
    ) {
        self.entries = entries
        modules = ServerModule.moduleNames(for: entries.map(\.name))
        let cache = stateDirectory.map(SchemaCache.init)
        let pins = entries.map { ToolPins(of: $0, in: stateDirectory, logger: logger) }
        make = { number, entry, module, user in
            BridgeServer(
                entry, module: module, of: user?.name, environment: environment, cache: cache, pins: pins[number],
                recording: recording.ofServer(entry.name), clock: clock, logger: logger)
        }
    }

    /// The servers' names.
    var names: [String] { entries.map(\.name) }

    /// Returns the servers of a user, in the order of the configuration. None is started for that.
    func servers(of user: UserID) -> [BridgeServer] {
        let (known, shared) = state.withLock { ($0.users[user], $0.shared) }
        if let known { return known }
        // Not under the lock: lists of tools are read for it. A server that another caller made first is never started.
        let made = entries.enumerated().map { number, entry in
            guard entry.settings.isShared else { return make(number, entry, modules[number], user) }
            return shared[number] ?? make(number, entry, modules[number], nil)
        }
        return state.withLock { state in
            if let known = state.users[user] { return known }
            let servers = zip(made.indices, made).map { number, server in
                guard server.entry.settings.isShared else { return server }
                let first = state.shared[number] ?? server
                state.shared[number] = first
                return first
            }
            if !state.isClosed { state.users[user] = servers }
            return servers
        }
    }

    /// Forgets a user's servers, of which none must be in use. The next ``servers(of:)`` makes them again.
    func forget(_ user: UserID) {
        state.withLock { $0.users[user] = nil }
    }

    /// Stops all of them for good.
    func close() async {
        let servers = state.withLock { state in
            defer { (state.users, state.shared) = ([:], [:]) }
            state.isClosed = true
            return state.users.values.joined().filter { !$0.entry.settings.isShared } + state.shared.values
        }
        await withTaskGroup(of: Void.self) { group in
            for server in servers { group.addTask { await server.close() } }
        }
    }
}
