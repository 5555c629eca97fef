import BridgeModules
import Diagnostics
import JSON
import MCP
import MCPClient
import MCPServers
import Threading

/// One process of a server: started at its first use, stopped when idle, and asked for its tools whenever they may have
/// changed.
final class BridgeServer: Sendable {
    private struct State {
        var tools: [Tool]?
        /// The version of the server that the tools were listed from; `nil` for tools from the cache.
        var version: [Int]?
        /// Grows with each change of the tools.
        var revision = 0
        /// Whether its tools were asked for in vain.
        var hasFailed = false
        var module: (version: ModuleVersion, module: ServerModule)?
        /// By user, because it shows what the user's results looked like.
        var documentedModules: [String: (version: ModuleVersion, module: ServerModule)] = [:]
        var uses = 0
        var idleTimer: Task<Void, Never>?
        var listing: Task<Result<[Tool], SupervisionError>, Never>?
    }

    /// What a module was made from.
    struct ModuleVersion: Sendable, Equatable {
        /// Changes with the tools.
        var tools = 0
        /// Changes with what results looked like.
        var shapes = 0
        /// Changes with the pins.
        var pins = 0
        var isStarting = false
    }

    let entry: BridgeServerEntry
    /// The name of its Python module.
    let module: String
    /// Limits how many requests it works on at once. The owners are users.
    let turns = FairSemaphore(
        count: RequestLimits.concurrentCallsPerServer, share: RequestLimits.concurrentCallsPerUser)
    /// Whether answers are recorded, or come from a recording.
    let recording: ServerRecording

    /// The URIs of its resources as listed last, with the version of that list.
    let listedResources = Locked<(version: [Int], uris: Set<ExactText>)?>(nil)
    /// Relays the questions that it asks during calls.
    let relay = ElicitationRelay()

    private let server: ToolServer
    let policy: ToolPolicy
    let pinned: PinnedTools
    private let cache: SchemaCache?
    private let shapes: UserShapes
    /// Whose it is; `nil` if it serves all users.
    private let user: String?
    private let logger: Logger
    private let path: String?
    private let clock: MonotonicClock
    private let state: Locked<State>

    /// - Parameters:
    ///   - environment: this process's environment.
    ///   - user: whose it is; `nil` for one that serves all users.
    ///   - cache: where its tools are kept between runs; `nil` for nowhere.
    ///   - pins: what its tools are compared with; `nil` for nothing.
    init(
        _ entry: BridgeServerEntry, module: String, of user: String?, environment: [String: String],
        cache: SchemaCache?, pins: ToolPins? = nil, recording: ServerRecording = .off,
        clock: MonotonicClock = .system, logger: Logger
    ) {
        self.entry = entry
        self.module = module
        self.recording = recording
        self.clock = clock
        self.user = user
        self.logger = logger
        let path = environment["PATH"]
        self.path = path
        policy = ToolPolicy(entry)
        // What a recording has is compared with nothing: no server is called.
        pinned = PinnedTools(recording.isReplay ? nil : pins, server: entry.name)
        var limits = ClientLimits()
        // Some room for what surrounds the result, and for what is escaped.
        limits.lineBytes = entry.settings.maxResult + 64 * 1024
        limits.unreadBytes = RequestLimits.unreadRequestBytesPerServer
        // All of them have ended before a host kills this process.
        limits.closingSeconds = 0.35
        let name = entry.name
        server = ToolServer(
            entry.entry, as: ClientIdentity(name: "exec-mcp", version: "1"),
            environment: BridgedServerEnvironment.variables(for: entry.entry, from: environment), limits: limits,
            clock: clock, restarts: .failFast(after: 2, seconds: 30), elicitation: relay,
            onNotice: { logger.warning("MCP server \($0.description)") },
            onErrorLine: { logger.debug("MCP server \(name) says: \($0)") })
        if case .replay(let recorded) = recording {
            self.cache = nil
            shapes = UserShapes { _ in ResultShapes(recorded?.shapes ?? [:]) }
            state = Locked(State(tools: recorded?.tools))
            return
        }
        self.cache = cache
        shapes = UserShapes { user in
            ResultShapes(cache?.shapes(of: entry.entry, path: path, user: user) ?? [:]) { entries in
                cache?.store(entries, of: entry.entry, path: path, user: user)
            }
        }
        let known = cache?.listing(of: entry.entry, path: path)?.tools.filter(Self.isCallable)
        state = Locked(State(tools: known))
        if let known { recordTools(known) }
    }

    /// Its name.
    var name: String { entry.name }

    /// Grows with each change of its tools.
    var revision: Int { state.withLock { $0.revision } }

    /// The tools that it offers, as far as they are known; `nil` before they were listed for the first time.
    var knownTools: [Tool]? {
        state.withLock { $0.tools }?.filter { entry.entry.tools.allows($0.name, of: name) }
    }

    /// Returns the version of a user's ``documentedModule(for:)``.
    func moduleVersion(for user: String) -> ModuleVersion {
        let (shapes, pins) = (shapes.of(user).revision, pinned.revision)
        return state.withLock {
            ModuleVersion(
                tools: $0.revision, shapes: shapes, pins: pins, isStarting: $0.tools == nil && !$0.hasFailed)
        }
    }

    /// The tools as Python functions; without any as long as they are unknown.
    var pythonModule: ServerModule {
        let pins = pinned.revision
        let version = state.withLock {
            ModuleVersion(tools: $0.revision, pins: pins, isStarting: $0.tools == nil && !$0.hasFailed)
        }
        return module(version, in: \.module) { _ in [:] }
    }

    /// Returns the same, with what a user's results looked like so far.
    func documentedModule(for user: String) -> ServerModule {
        let version = moduleVersion(for: user)
        let shapes = shapes.of(user)
        guard version.shapes != 0 || !shapes.isEmpty else { return pythonModule }
        state.withLock { state in
            if state.documentedModules.count >= Self.maxDocumentedModules, state.documentedModules[user] == nil {
                state.documentedModules = [:]
            }
        }
        return module(version, in: \.documentedModules[user], seen: shapes.seen)
    }

    /// For how many users modules are kept, which can be made again.
    private static let maxDocumentedModules = 50

    /// Whether a call can name the tool.
    private static func isCallable(_ tool: Tool) -> Bool {
        tool.name.utf8.count <= RequestLimits.nameBytes
    }

    private func module(
        _ version: ModuleVersion,
        in place: any WritableKeyPath<State, (version: ModuleVersion, module: ServerModule)?> & Sendable,
        seen: ([Tool]) -> [String: ResultShape]
    ) -> ServerModule {
        if let made = state.withLock({ $0[keyPath: place] }), made.version == version { return made.module }
        let tools = knownTools ?? []
        let changes = toolChanges
        var policies: [String: String] = [:]
        for tool in tools { policies[tool.name] = sentence(for: tool, changes) }
        let module = ServerModule(
            server: name, module: module, tools: tools, policies: policies, seen: seen(tools),
            changed: changes.count, isStarting: version.isStarting)
        state.withLock { $0[keyPath: place] = (version, module) }
        return module
    }

    /// Learns from a tool's result what the results of a user look like.
    func learn(_ result: JSONObject, of tool: Tool, for user: String) {
        shapes.of(user).learn(result, of: tool)
    }

    /// What has changed in the tools that it offers since they were pinned.
    var toolChanges: [ToolChange] {
        let (tools, revision) = state.withLock { ($0.tools, $0.revision) }
        return pinned.changes(in: tools, revision: revision)
    }

    /// Whether the known tools are those that the running server has listed.
    var isListedByRunningServer: Bool { listedVersion != nil }

    /// The version of the running server that the known tools were listed from; `nil` if they may be those of another.
    /// Changes at each start, and with each change of the tools that the server announces.
    var listedVersion: [Int]? {
        if recording.isReplay { return [] }
        let version = state.withLock { $0.version }
        return server.isRunning && version == server.version.of("tools") ? version : nil
    }

    /// The version that a list of its resources is valid for.
    var resourcesVersion: [Int] { server.version.of("resources") }

    /// Whether its tools are unknown and being listed.
    var isStarting: Bool {
        state.withLock { $0.tools == nil && $0.listing != nil }
    }

    /// Whether it neither runs nor is about to.
    var isIdle: Bool { !server.isRunning && state.withLock { $0.uses == 0 && $0.listing == nil } }

    /// Its state, for people.
    var health: ToolServerHealth.State { get async { await server.health } }

    // MARK: - Use

    /// Runs `body` with the server, which is started if needed. What `body` does is never done again.
    ///
    /// - Throws: ``SupervisionError``.
    func use<Value: Sendable>(
        _ body: @Sendable (MCPClient) async throws(MCPClientError) -> Value
    ) async throws(SupervisionError) -> Value {
        beginUse()
        defer { endUse() }
        // Before the server may be started: what is accepted meanwhile is newer than its process.
        let pins = blocksChanges ? pinned.revision : 0
        return try await server.use(again: false) { [server, pinned] (client) throws(MCPClientError) in
            pinned.note(start: server.version.of("tools")[0], pins: pins)
            return try await body(client)
        }
    }

    /// Starts it in the background. If that fails, the first call tries again and reports why.
    func startAhead() {
        guard !recording.isReplay else { return }
        Task { try? await use { (_) throws(MCPClientError) in } }
    }

    /// Stops it for good.
    func close() async {
        state.withLock { $0.idleTimer?.cancel() }
        await server.close()
    }

    private func beginUse() {
        state.withLock { state in
            state.uses += 1
            state.idleTimer?.cancel()
            state.idleTimer = nil
        }
    }

    private func endUse() {
        let seconds = entry.settings.idleSeconds
        state.withLock { state in
            state.uses -= 1
            guard state.uses == 0, seconds > 0 else { return }
            state.idleTimer = Task { [weak self, clock] in
                guard (try? await clock.sleep(seconds)) != nil else { return }
                await self?.stopIfUnused()
            }
        }
        if hasChanged { list() }
    }

    /// Stops its process, unless that is in use. The next use starts another one.
    ///
    /// - Parameter listed: the version of the process to stop, as in ``listedVersion``; `nil` for any.
    func stopIfUnused(listed: [Int]? = nil) async {
        await server.stop { [state, server] in
            if let listed, listed != server.version.of("tools") { return true }
            return state.withLock { $0.uses > 0 }
        }
    }

    // MARK: - Tools

    /// Whether the server runs, and its tools may have changed since they were listed.
    private var hasChanged: Bool {
        server.isRunning && state.withLock { $0.version != server.version.of("tools") }
    }

    /// Starts to list the tools if they are unknown or may have changed. Returns at once.
    func listIfNeeded() {
        if recording.isReplay { return }
        if state.withLock({ $0.tools == nil }) || hasChanged { list() }
    }

    /// Returns the tools that it offers; lists them first if they are unknown or may have changed.
    ///
    /// - Throws: ``SupervisionError``, and ``SupervisionError/late(seconds:said:)`` if it takes too long; the listing
    ///   goes on.
    func currentTools() async throws(SupervisionError) -> [Tool] {
        if let known = knownTools, !hasChanged { return known }
        return try await listAgain()
    }

    /// Lists its tools even if they are known, as ``currentTools()`` does.
    func listAgain() async throws(SupervisionError) -> [Tool] {
        if recording.isReplay {
            guard let tools = knownTools else { throw .toStart("the recording has none of its tools") }
            return tools
        }
        let listing = list()
        let outcome: Result<[Tool], SupervisionError>?
        do {
            outcome = try await abandoning(after: entry.entry.startSeconds ?? RequestLimits.startSeconds) {
                await listing.value
            }
        } catch {
            throw .cancelled
        }
        guard let outcome else {
            throw .late(seconds: entry.entry.startSeconds ?? RequestLimits.startSeconds, said: server.stderrTail)
        }
        _ = try outcome.get()
        return knownTools ?? []
    }

    /// Lists the tools, once for all who ask meanwhile. Belongs to none of them: it goes on if they are cancelled.
    @discardableResult private func list() -> Task<Result<[Tool], SupervisionError>, Never> {
        state.withLock { state in
            if let listing = state.listing { return listing }
            let listing = Task { [self] () -> Result<[Tool], SupervisionError> in
                let outcome = await listed()
                finishListing(outcome)
                return outcome.map(\.tools)
            }
            state.listing = listing
            return listing
        }
    }

    private typealias Listed = (tools: [Tool], version: [Int])

    private func listed() async -> Result<Listed, SupervisionError> {
        do throws(SupervisionError) {
            let listed = try await use { [server, relay] (client) throws(MCPClientError) -> Listed in
                // Read before fetching: a change in the meantime counts as one.
                let version = server.version.of("tools")
                let tools = try await relay.duringListing { () throws(MCPClientError) in try await client.listTools() }
                return (tools, version)
            }
            return .success(listed)
        } catch {
            return .failure(error)
        }
    }

    private func finishListing(_ outcome: Result<Listed, SupervisionError>) {
        // Changes are reported when they are seen, not when somebody asks for them.
        defer { _ = toolChanges }
        let outcome = outcome.map { listed -> Listed in
            let tools = listed.tools.filter(Self.isCallable)
            if tools.count < listed.tools.count {
                logger.warning(
                    """
                    MCP server \(name): \(listed.tools.count - tools.count) of its tools are left out: their names have \
                    more than \(RequestLimits.nameBytes) bytes
                    """)
            }
            return (tools, listed.version)
        }
        let changed = state.withLock { state -> [Tool]? in
            state.listing = nil
            guard case .success(let listed) = outcome else {
                state.hasFailed = true
                return nil
            }
            state.version = listed.version
            guard !Self.areSame(state.tools, listed.tools) else { return nil }
            state.tools = listed.tools
            state.revision += 1
            return listed.tools
        }
        guard let changed else { return }
        cache?.store(SchemaCache.Listing(tools: changed), of: entry.entry, path: path)
        recordTools(changed)
    }

    /// Whether two lists are the same to a byte: to Swift, texts are equal whose characters are composed differently.
    private static func areSame(_ known: [Tool]?, _ listed: [Tool]) -> Bool {
        guard known == listed else { return false }
        return zip(known ?? [], listed).allSatisfy { one, other in
            one.json(for: .july2026).serialized() == other.json(for: .july2026).serialized()
        }
    }

    private func recordTools(_ tools: [Tool]) {
        guard case .record(let writer) = recording else { return }
        writer.recordTools(tools, user.map { shapes.of($0).entries } ?? [:], of: name)
    }
}
