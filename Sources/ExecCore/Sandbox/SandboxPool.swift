public import Diagnostics

/// The sandboxes of all users: started at a user's first call or ahead of it, one each, and stopped when idle.
public actor SandboxPool {
    private static let housekeepingInterval = Duration.seconds(1)
    /// How long the command may take that a sandbox runs when it was started ahead, in seconds.
    private static let rehearsalTimeout = 5.0

    private let configuration: SandboxConfiguration
    private let limits: Limits
    private let locateEngine: @Sendable () throws(ExecError) -> any ContainerEngine
    private let owner: Owner
    private let logger: Logger
    private let onArtifactsChanged: @Sendable (UserID, ArtifactChange) -> Void
    private let lingering: Lingering?
    private let eviction: EvictionPolicy
    private let prewarmQueue: PrewarmQueue
    private let accounts = Accounts()
    private let observations: EngineObservations

    /// What users lost with sandboxes that ended between their calls.
    public nonisolated let losses: SandboxLosses

    private var entries: [UserID: PooledSandbox] = [:]
    private var prewarmer: Prewarmer
    private var hasSwept = false
    /// Warnings about skills and tools, which every start would repeat.
    private var told: Set<String> = []
    private var isClosed = false
    private var housekeeping: Task<Void, Never>?

    /// A pool without sandboxes. Nothing is started or looked for until the first call, or ``prewarm(_:)``.
    ///
    /// - Parameters:
    ///   - locateEngine: finds the engine. It is asked at each start of a sandbox, so that an engine that
    ///     was installed meanwhile is found.
    ///   - onArtifactsChanged: called when artifacts came, changed or went in a running sandbox, whoever did it, and
    ///     soon after the start of one that has some. It may be called from any thread, for one user in order, and must
    ///     return soon: that sandbox's answers wait for it.
    public init(
        configuration: SandboxConfiguration, limits: Limits, logger: Logger,
        locateEngine: @escaping @Sendable () throws(ExecError) -> any ContainerEngine,
        onArtifactsChanged: @escaping @Sendable (UserID, ArtifactChange) -> Void = { _, _ in }
    ) {
        self.configuration = configuration
        self.limits = limits
        self.logger = logger
        self.locateEngine = locateEngine
        self.onArtifactsChanged = onArtifactsChanged
        owner = .current()
        losses = SandboxLosses(keepsWorkspace: configuration.workspace != .ephemeral)
        eviction = EvictionPolicy(limits: limits)
        let prewarmQueue = PrewarmQueue(capacity: limits.maximumSandboxes)
        self.prewarmQueue = prewarmQueue
        prewarmer = Prewarmer(queue: prewarmQueue)
        let observations = EngineObservations(logger: logger)
        self.observations = observations
        lingering =
            limits.linger > 0 ? Lingering(seconds: limits.linger, logger: logger, observations: observations) : nil
    }

    /// What the sandboxes so far show of how the engine keeps their limits.
    public nonisolated var limitKnowledge: LimitKnowledge { observations.limits }

    /// Has the sandboxes of these users started in the background, where they have none: a few at once, and only as far
    /// as there is room, because no other sandbox is stopped for them.
    ///
    /// Such a sandbox is one like any other, but another takes its place if it ends by itself. A start that fails is a
    /// warning in the log; the user's first call tries again.
    public nonisolated func prewarm(_ users: [UserID]) {
        if prewarmQueue.add(users) { Task { await startAhead() } }
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

    /// Runs `body` with the user's sandbox if there is one, and starts none. One that is coming up for a call is waited
    /// for, one that is started ahead is not.
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

    /// Stops every sandbox, or leaves it to the next server. Later calls are refused.
    ///
    /// - Parameter grace: seconds until those that do not end by themselves are forced to.
    public func close(grace: Double) async {
        isClosed = true
        housekeeping?.cancel()
        let last = entries.values
        entries = [:]
        await withTaskGroup(of: Void.self) { [lingering] group in
            for entry in last {
                group.addTask {
                    if let lingering, let sandbox = entry.sandbox, entry.hasServed,
                        await lingering.leave(sandbox, within: grace)
                    {
                        return
                    }
                    // One that is still starting ends as soon as its guest would have come up.
                    entry.start.cancel()
                    if let sandbox = try? await entry.start.value { await sandbox.stop(grace: grace, removal: 0.1) }
                }
            }
        }
    }

    /// How many users have a sandbox, starting ones counted.
    var count: Int { entries.count }

    private func acquire(_ user: UserID, onStart: (@Sendable () -> Void)?) async throws -> Sandbox {
        if case .running(let sandbox) = entries[user]?.state {
            entries[user]?.beginCall()
            return sandbox
        }
        try Task.checkCancellation()
        let isKept = entries[user]?.isKept == true
        if case .ending = entries[user]?.state { bury(user) }
        if entries[user] == nil { try startSandbox(of: user, isKept: isKept) }
        guard let start = entries[user]?.start else { throw CancellationError() }
        onStart?()
        return try await sandbox(of: user, from: start)
    }

    private func acquireRunning(_ user: UserID) async -> Sandbox? {
        guard let entry = entries[user] else { return nil }
        switch entry.state {
        case .ending: return nil
        // Hosts list the artifacts beside the tools: that is not to wait for what no call waits for.
        case .starting where entry.activeCalls == 0: return nil
        // Why one that is coming up does not is for the call to say that wanted it.
        case .starting, .running: return try? await sandbox(of: user, from: entry.start)
        }
    }

    /// Counts a call and waits for the sandbox.
    private func sandbox(of user: UserID, from start: Task<Sandbox, any Error>) async throws -> Sandbox {
        entries[user]?.beginCall()
        return try await result(of: start, for: user)
    }

    private func result(of start: Task<Sandbox, any Error>, for user: UserID) async throws -> Sandbox {
        do {
            let sandbox = try await start.value
            if entries[user]?.start == start { entries[user]?.comeUp(as: sandbox) }
            return sandbox
        } catch {
            if entries[user]?.start == start { entries[user] = nil }
            throw error
        }
    }

    private func release(_ user: UserID, _ sandbox: Sandbox) {
        guard entries[user]?.sandbox === sandbox else { return }
        entries[user]?.endCall()
    }

    /// Starts sandboxes ahead until as many as may be are under way, or nobody waits for one.
    private func startAhead() {
        while let user = prewarmer.next() { startAhead(for: user) }
    }

    private func startAhead(for user: UserID) {
        if case .ending = entries[user]?.state { bury(user) }
        entries[user]?.isKept = true
        guard entries[user] == nil, !isClosed else { return }
        guard entries.count < limits.maximumSandboxes else {
            return logger.debug("no room to start the sandbox of \(user) ahead")
        }
        do {
            try startSandbox(of: user, isKept: true)
        } catch {
            return warn(user, error)
        }
        guard let start = entries[user]?.start else { return }
        prewarmer.beginStart()
        Task {
            var started: Sandbox?
            do {
                let sandbox = try await result(of: start, for: user)
                if entries[user]?.start == start { entries[user]?.touch() }
                prewarmer.recordSuccess()
                logger.info("sandbox \(sandbox.name) is up ahead of the next call")
                started = sandbox
            } catch {
                // Nobody need hear of one that was given up: its place was needed, or the server ends.
                if !start.isCancelled { warn(user, error) }
            }
            prewarmer.endStart()
            startAhead()
            // What is done for the first time takes longer, on both sides of the channel.
            _ = try? await started?.execute("true", timeout: Self.rehearsalTimeout)
        }
    }

    /// Tells of a start ahead that failed, if that is news.
    private func warn(_ user: UserID, _ error: any Error) {
        guard prewarmer.recordFailure(error) else { return }
        logger.warning("the sandbox of \(user) could not be started ahead; its first call tries again: \(error)")
    }

    private func startSandbox(of user: UserID, isKept: Bool) throws {
        guard !isClosed else { throw ExecError(.busy, "The server is shutting down.") }
        try configuration.checkWorkspace(of: user)
        try makeRoom()
        let engine = try locateEngine()
        if !hasSwept {
            hasSwept = true
            let sweep = OrphanSweep(engine: engine, owner: owner, logger: logger)
            Task.detached { await sweep.run() }
        }
        let spec = SandboxSpec(
            name: SandboxSpec.newName(for: user), user: user, owner: owner,
            account: accounts.account(of: user, in: configuration), configuration: configuration, limits: limits)
        for warning in spec.hostMounts.warnings where told.insert(warning).inserted { logger.warning(warning) }
        entries[user] = PooledSandbox(
            start: Task { [accounts, logger, lingering, observations, onArtifactsChanged] in
                let onChange = { @Sendable change in onArtifactsChanged(user, change) }
                return try await accounts.start(spec, logger: logger) { spec in
                    guard let lingering else {
                        logger.info("starting sandbox \(spec.name)")
                        return try await Sandbox.start(
                            spec, engine: engine, logger: logger, observations: observations,
                            onArtifactsChanged: onChange)
                    }
                    return try await lingering.start(spec, engine: engine, onArtifactsChanged: onChange)
                }
            }, isKept: isKept)
        startHousekeeping()
    }

    private func makeRoom() throws(ExecError) {
        guard entries.count >= limits.maximumSandboxes else { return }
        guard let user = eviction.victim(among: entries) else {
            throw ExecError(
                .busy,
                """
                All \(limits.maximumSandboxes) sandboxes of this server are at work. Call again when one is free, or \
                raise --max-sandboxes.
                """)
        }
        stop(user, "another user needs its place")
    }

    /// Stops a sandbox between calls. Its user is told with the next result, if there was ever one.
    private func stop(_ user: UserID, _ reason: String) {
        logger.info("stopping the sandbox of \(user): \(reason)")
        if entries[user]?.hasServed == true { losses.record("was stopped (\(reason))", for: user) }
        discard(user)
    }

    /// Forgets a sandbox that has ended. If no call has heard of it, its user is told with the next result.
    private func bury(_ user: UserID) {
        guard let entry = entries[user], let sandbox = entry.sandbox else { return }
        if entry.hasServed, sandbox.hasEndedUnheard { losses.record(sandbox.endCause, for: user) }
        discard(user)
    }

    /// Forgets a sandbox and stops it in the background.
    private func discard(_ user: UserID) {
        guard let entry = entries.removeValue(forKey: user) else { return }
        // One that is still starting need not come up first.
        entry.start.cancel()
        Task.detached { try? await entry.start.value.stop() }
    }

    private func startHousekeeping() {
        guard housekeeping == nil else { return }
        housekeeping = Task { [weak self] in
            while (try? await Task.sleep(for: Self.housekeepingInterval, tolerance: .seconds(1))) != nil {
                guard await self?.sweepIdle() == true else { return }
            }
        }
    }

    /// Stops what is idle, gives up on what is hung, forgets what has ended.
    ///
    /// - Returns: whether there is anything left to look after.
    private func sweepIdle() -> Bool {
        let now = ContinuousClock.now
        for (user, entry) in entries {
            entry.sandbox?.endIfHung()
            entries[user]?.lookForJobs(at: now)
            switch entry.state {
            case .starting: break
            case .ending:
                bury(user)
                if entry.isKept { replace(entry, of: user) }
            case .running:
                if let reason = entries[user].flatMap({ eviction.reasonToStop($0, at: now) }) { stop(user, reason) }
            }
        }
        if entries.isEmpty { housekeeping = nil }
        return !entries.isEmpty
    }

    /// Starts another in the place of a sandbox that ended by itself, unless that one came to nothing.
    private func replace(_ entry: PooledSandbox, of user: UserID) {
        guard Prewarmer.isWorthReplacing(entry) else {
            return logger.warning(
                "the sandbox of \(user) ended soon after it was started ahead; its first call starts another")
        }
        logger.info("the sandbox of \(user) ended: starting another ahead of the next call")
        prewarm([user])
    }
}
