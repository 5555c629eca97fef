import BridgeModules
public import Diagnostics
public import ExecCore
import JSON
public import PrivateData
public import Threading

/// Lets code in sandboxes call the tools of MCP servers.
///
/// Each call leaves the sandbox through the channel that it has anyway. What may be called is decided here, where code
/// in a sandbox can't reach.
public final class Bridge: SandboxBridge {
    private let servers: BridgeServers
    private let maxUnreadBytes: Int
    private let maxCommandBytes: Int
    private let maxRequestBytes: Int
    private let stateDirectory: StateDirectory?
    private let clock: MonotonicClock
    private let privateData: PrivateDataVaults?
    private let observer: BridgeObserver
    private let onCall: @Sendable (UserID, NestedCall) -> Void
    let users: BridgeUsers

    /// A bridge to servers. Each is started at its first use.
    ///
    /// - Parameters:
    ///   - environment: this process's environment, of which servers get a part.
    ///   - stateDirectory: where lists of tools, and approvals, are kept between runs; `nil` for nowhere.
    ///   - recording: whether answers are recorded, or come from a recording instead of from servers.
    ///   - privateData: the private values of all users; `nil` if none are replaced.
    ///   - maxUnreadBytes: how many bytes of answers one sandbox may leave unread.
    ///   - maxCommandBytes: how many bytes the calls of one command may transfer, arguments and results together.
    ///   - maxRequestBytes: how much memory the open requests of one sandbox may use, in bytes.
    ///   - listingTimeout: for how many seconds commands and prompts wait for servers that have never listed their tools.
    ///   - observer: counts and traces calls.
    ///   - onUntrusted: called with the names of all servers marked as untrusted that a user's session reads, whenever
    ///     another one is about to be read.
    ///   - onCall: receives each tool call when it has ended, of a command's refused calls only the first ones; must
    ///     return soon.
    public init(
        _ entries: [BridgeServerEntry], environment: [String: String], stateDirectory: StateDirectory?,
        recording: RecordingMode = .off, privateData: PrivateDataVaults? = nil,
        maxUnreadBytes: Int = RequestLimits.unreadBytesPerSandbox,
        maxCommandBytes: Int = RequestLimits.bytesPerCommand,
        maxRequestBytes: Int = RequestLimits.requestBytesPerSandbox,
        listingTimeout: Double = RequestLimits.listingSeconds, clock: MonotonicClock = .system, logger: Logger,
        observer: BridgeObserver = BridgeObserver(),
        onUntrusted: @escaping @Sendable (UserID, [String]) -> Void = { _, _ in },
        onCall: @escaping @Sendable (UserID, NestedCall) -> Void = { _, _ in }
    ) {
        // What a server said last is in warnings, and whose values it holds is not known.
        let logger = privateData.map { vaults in logger.rewording { vaults.vaultOfNobody().redact($0) } } ?? logger
        let servers = BridgeServers(
            entries, environment: environment, stateDirectory: stateDirectory, recording: recording, clock: clock,
            logger: logger)
        self.privateData = privateData
        self.maxUnreadBytes = maxUnreadBytes
        self.maxCommandBytes = maxCommandBytes
        self.maxRequestBytes = maxRequestBytes
        self.stateDirectory = stateDirectory
        self.clock = clock
        self.observer = observer
        self.onCall = onCall
        self.servers = servers
        let session = UserApprovals.newSession()
        users = BridgeUsers(
            makeMemory: { user in
                BridgeUsers.Memory(
                    approvals: UserApprovals(of: user, in: stateDirectory, session: session, clock: clock) {
                        logger.warning($0)
                    }, sources: SessionSources { onUntrusted(user, $0) })
            },
            makeCatalog: { user in
                UserCatalog(servers.servers(of: user), of: user.name, listingTimeout: listingTimeout, logger: logger)
            },
            onForget: { servers.forget($0) })
    }

    /// The servers' names, in the order of the configuration.
    public var serverNames: [String] { servers.names }

    package func session(
        of user: UserID, sandbox: String, send: @escaping @Sendable (Frame) throws -> Void
    ) -> any SandboxBridgeSession {
        let lease = users.lease(of: user)
        let (catalog, memory) = (lease.catalog, lease.memory)
        if let stateDirectory { memory.sources.follow(sandbox, in: stateDirectory) }
        let caller = ToolCaller(
            catalog: catalog, approvals: memory.approvals, user: user, sandbox: sandbox, sources: memory.sources,
            vaults: privateData, observer: observer
        ) {
            [onCall, log = memory.log] call in
            log.add(call)
            onCall(user, call)
        }
        for server in catalog.servers where server.entry.settings.isEager { server.startAhead() }
        return BridgeSession(
            methods: BridgeMethods(catalog: catalog, caller: caller, log: memory.log), of: lease,
            unread: UnreadAnswers(limit: maxUnreadBytes), memory: RequestMemory(limit: maxRequestBytes),
            maxCommandBytes: maxCommandBytes, clock: clock, send: send)
    }

    /// Returns what the system prompt says about the servers' tools; `nil` without servers. Waits a while for servers
    /// whose tools are not known yet.
    ///
    /// - Parameter budget: the maximum number of tokens for signatures; `nil` for the default.
    public func prompt(for user: UserID, budget: Int? = nil) async -> BridgePrompt? {
        let lease = users.lease(of: user)
        defer { withExtendedLifetime(lease) {} }
        await lease.catalog.waitForTools()
        return await BridgePrompt(lease.catalog.servers, budget: budget ?? PromptSection.defaultBudget)
    }

    /// Starts every server of a user and lists its tools, all at once.
    ///
    /// - Parameter onReport: called with each report, in the order of the configuration, once there are those before it.
    /// - Returns: a report on each, in the order of the configuration.
    public func check(
        for user: UserID, onReport: (ServerReport) -> Void = { _ in }
    ) async -> [ServerReport] {
        let lease = users.lease(of: user)
        defer { withExtendedLifetime(lease) {} }
        return await withTaskGroup(of: (Int, ServerReport).self) { group in
            for (number, server) in lease.catalog.servers.enumerated() {
                group.addTask { (number, await ServerReport(checking: server)) }
            }
            var early: [Int: ServerReport] = [:]
            var reports: [ServerReport] = []
            for await (number, report) in group {
                early[number] = report
                while let next = early.removeValue(forKey: reports.count) {
                    reports.append(next)
                    onReport(next)
                }
            }
            return reports
        }
    }

    /// Starts the servers of a user, all at once, and returns what would happen to calls of each of their tools.
    ///
    /// - Parameter name: the server; `nil` for all.
    public func rules(for user: UserID, server name: String? = nil) async -> [ServerRules] {
        let lease = users.lease(of: user)
        defer { withExtendedLifetime(lease) {} }
        let servers = lease.catalog.servers.filter { server in name.map { server.name == $0 } ?? true }
        return await withTaskGroup(of: (Int, ServerRules).self) { group in
            for (number, server) in servers.enumerated() {
                group.addTask { (number, await ServerRules(of: server, lease.memory.approvals)) }
            }
            return await group.reduce(into: [Int: ServerRules]()) { $0[$1.0] = $1.1 }
                .sorted { $0.key < $1.key }.map(\.value)
        }
    }

    /// Returns the Python modules of a user's servers, by their file names. Servers that have never listed their tools
    /// must have been started before: see ``check(for:)``.
    public func modules(for user: UserID) -> [(name: String, content: [UInt8])] {
        users.lease(of: user).catalog.modules.map { ("\($0.module).py", Array($0.source.utf8)) }
    }

    /// Returns the names of the servers marked as untrusted that a user's session has read from, in that order; empty if
    /// there are none.
    public func untrustedSources(readBy user: UserID) -> [String] {
        users.lease(of: user).memory.sources.servers(.untrusted)
    }

    /// Stops all servers for good.
    public func close() async {
        await servers.close()
    }
}
