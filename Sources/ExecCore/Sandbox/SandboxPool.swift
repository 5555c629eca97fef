public import Diagnostics

/// The sandboxes of all users: started at a user's first call, one each, and stopped when idle.
public actor SandboxPool {
    private struct Entry {
        let start: Task<Sandbox, any Error>
        /// The sandbox once it is up.
        var sandbox: Sandbox?
        var activeCalls = 0
        var lastUse = ContinuousClock.now
    }

    private static let housekeepingInterval = Duration.seconds(1)

    private let configuration: SandboxConfiguration
    private let limits: Limits
    private let locateEngine: @Sendable () throws(ExecError) -> EngineCommandLine
    private let owner: Owner
    private let logger: Logger
    private let onArtifactsChanged: @Sendable (UserID, ArtifactChange) -> Void

    private var entries: [UserID: Entry] = [:]
    private var hasSwept = false
    private var isClosed = false
    private var housekeeping: Task<Void, Never>?

    /// A pool without sandboxes. Nothing is started or looked for until the first call.
    ///
    /// - Parameters:
    ///   - locateEngine: finds the engine's command line. It is asked at each start of a sandbox, so that an engine that
    ///     was installed meanwhile is found.
    ///   - onArtifactsChanged: called when artifacts came, changed or went in a running sandbox, whoever did it, and
    ///     soon after the start of one that has some. It may be called from any thread, for one user in order, and must
    ///     return soon: that sandbox's answers wait for it.
    public init(
        configuration: SandboxConfiguration, limits: Limits, logger: Logger,
        locateEngine: @escaping @Sendable () throws(ExecError) -> EngineCommandLine,
        onArtifactsChanged: @escaping @Sendable (UserID, ArtifactChange) -> Void = { _, _ in }
    ) {
        self.configuration = configuration
        self.limits = limits
        self.logger = logger
        self.locateEngine = locateEngine
        self.onArtifactsChanged = onArtifactsChanged
        owner = .current()
    }

    /// Runs `body` with the user's sandbox, which is started if need be and not stopped meanwhile.
    ///
    /// - Parameter onStart: called once if the call has to wait for a sandbox to come up, before the wait.
    /// - Throws: ``ExecError`` where there can be no sandbox, and what `body` throws.
    public nonisolated func withSandbox<Value: Sendable>(
        of user: UserID, onStart: (@Sendable () -> Void)? = nil, _ body: @Sendable (Sandbox) async throws -> Value
    ) async throws -> Value {
        let sandbox = try await acquire(user, onStart: onStart)
        return try await run(body, with: sandbox, of: user)
    }

    /// Runs `body` with the user's sandbox if there is one, and starts none. One that is coming up is waited for.
    ///
    /// - Returns: what `body` returns; `nil` where the user has no sandbox.
    /// - Throws: what `body` throws.
    public nonisolated func withRunningSandbox<Value: Sendable>(
        of user: UserID, _ body: @Sendable (Sandbox) async throws -> Value
    ) async throws -> Value? {
        guard let sandbox = await acquireRunning(user) else { return nil }
        return try await run(body, with: sandbox, of: user)
    }

    private nonisolated func run<Value: Sendable>(
        _ body: @Sendable (Sandbox) async throws -> Value, with sandbox: Sandbox, of user: UserID
    ) async throws -> Value {
        do {
            let value = try await body(sandbox)
            await release(user, sandbox)
            return value
        } catch {
            await release(user, sandbox)
            throw error
        }
    }

    /// Stops every sandbox. Later calls are refused.
    ///
    /// - Parameter grace: seconds until those that do not end by themselves are forced to.
    public func close(grace: Double) async {
        isClosed = true
        housekeeping?.cancel()
        let starts = entries.values.map(\.start)
        entries = [:]
        await withTaskGroup(of: Void.self) { group in
            for start in starts {
                group.addTask {
                    // One that is still starting ends as soon as its guest would have come up.
                    start.cancel()
                    if let sandbox = try? await start.value { await sandbox.stop(grace: grace, removal: 0.1) }
                }
            }
        }
    }

    /// How many users have a sandbox, starting ones counted.
    var count: Int { entries.count }

    private func acquire(_ user: UserID, onStart: (@Sendable () -> Void)?) async throws -> Sandbox {
        if let sandbox = entries[user]?.sandbox, !sandbox.hasEnded {
            entries[user]?.activeCalls += 1
            return sandbox
        }
        try Task.checkCancellation()
        if entries[user]?.sandbox?.hasEnded == true { discard(user) }
        if entries[user] == nil { try startSandbox(of: user) }
        guard let start = entries[user]?.start else { throw CancellationError() }
        onStart?()
        return try await sandbox(of: user, from: start)
    }

    private func acquireRunning(_ user: UserID) async -> Sandbox? {
        guard let entry = entries[user], entry.sandbox?.hasEnded != true else { return nil }
        // Why one that is coming up does not is for the call to say that wanted it.
        return try? await sandbox(of: user, from: entry.start)
    }

    /// Counts a call and waits for the sandbox.
    private func sandbox(of user: UserID, from start: Task<Sandbox, any Error>) async throws -> Sandbox {
        entries[user]?.activeCalls += 1
        do {
            let sandbox = try await start.value
            if entries[user]?.start == start { entries[user]?.sandbox = sandbox }
            return sandbox
        } catch {
            if entries[user]?.start == start { entries[user] = nil }
            throw error
        }
    }

    private func release(_ user: UserID, _ sandbox: Sandbox) {
        guard entries[user]?.sandbox === sandbox else { return }
        entries[user]?.activeCalls -= 1
        entries[user]?.lastUse = .now
    }

    private func startSandbox(of user: UserID) throws {
        guard !isClosed else { throw ExecError(.busy, "The server is shutting down.") }
        try checkWorkspace(of: user)
        try makeRoom()
        let engine = try locateEngine()
        if !hasSwept {
            hasSwept = true
            let sweep = OrphanSweep(engine: engine, owner: owner, logger: logger)
            Task.detached { await sweep.run() }
        }
        let container = ContainerDescription(
            name: Self.containerName(user), user: user, owner: owner, configuration: configuration, limits: limits)
        entries[user] = Entry(
            start: Task { [logger, onArtifactsChanged] in
                logger.info("starting sandbox \(container.name)")
                return try await Sandbox.start(container, engine: engine, logger: logger) { change in
                    onArtifactsChanged(user, change)
                }
            })
        startHousekeeping()
    }

    /// A directory of the host is one user's alone, and must still be the one that was named: who can write beside it
    /// may have put a link to somewhere else in its place.
    private func checkWorkspace(of user: UserID) throws(ExecError) {
        guard case .directory(let path, let only) = configuration.workspace else { return }
        guard user == only else {
            throw ExecError(
                .invalidArgument,
                "This server's workspace is a directory of its machine, so it serves the user \(only) and no other.")
        }
        guard Files.realPath(path) == path, Files.isDirectory(path) else {
            throw ExecError(
                .engineFailed,
                """
                The workspace \(path) is no longer the directory that it was when the server started: it is gone, or \
                something on its path has become a link. Put it back, or start the server with another --workspace.
                """)
        }
    }

    /// Unique, because hosts start servers twice and kill them without warning.
    private static func containerName(_ user: UserID) -> String {
        let random = UInt64.random(in: 0...UInt64.max)
        let digits = String(random, radix: 36)
        return "mcp-executor-\(user.name)-\(String(repeating: "0", count: 13 - digits.count))\(digits)"
    }

    private func makeRoom() throws(ExecError) {
        guard entries.count >= limits.maximumSandboxes else { return }
        let idle = entries.filter { $0.value.activeCalls == 0 }
        guard let longest = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) else {
            throw ExecError(
                .busy,
                """
                All \(limits.maximumSandboxes) sandboxes of this server are at work. Call again when one is free, or \
                raise --max-sandboxes.
                """)
        }
        logger.info("stopping the sandbox of \(longest.key): another user needs its place")
        discard(longest.key)
    }

    /// Forgets a sandbox and stops it in the background.
    private func discard(_ user: UserID) {
        guard let entry = entries.removeValue(forKey: user) else { return }
        Task.detached { try? await entry.start.value.stop() }
    }

    private func startHousekeeping() {
        guard housekeeping == nil else { return }
        housekeeping = Task { [weak self] in
            while (try? await Task.sleep(for: Self.housekeepingInterval, tolerance: .seconds(1))) != nil {
                guard await self?.keepHouse() == true else { return }
            }
        }
    }

    /// Stops what is idle, gives up on what is hung, forgets what has ended.
    ///
    /// - Returns: whether there is anything left to look after.
    private func keepHouse() -> Bool {
        for (user, entry) in entries {
            guard let sandbox = entry.sandbox else { continue }
            sandbox.endIfHung()
            if sandbox.hasEnded {
                discard(user)
            } else if entry.activeCalls == 0, limits.idleTimeout > 0,
                entry.lastUse.duration(to: .now) >= .seconds(limits.idleTimeout)
            {
                logger.info("stopping the sandbox of \(user): idle for \(limits.idleTimeout) seconds")
                discard(user)
            }
        }
        if entries.isEmpty { housekeeping = nil }
        return !entries.isEmpty
    }
}
