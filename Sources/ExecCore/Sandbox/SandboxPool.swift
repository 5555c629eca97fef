public import Diagnostics

/// The sandboxes of all users: at most one each, started at a user's first call or ahead of it, and stopped when idle.
public actor SandboxPool {
    private static let housekeepingInterval = Duration.seconds(1)
    /// Timeout in seconds of the warm-up command in a prewarmed sandbox.
    private static let rehearsalTimeout = 5.0
    /// How long a caller waits to be told what the image has, in seconds.
    private static let imagePatience = 2.0

    let configuration: SandboxConfiguration
    private let limits: Limits
    private let locateEngine: @Sendable () throws(ExecError) -> any ContainerEngine
    private let owner: Owner
    private let logger: Logger
    private let onArtifactsChanged: @Sendable (UserID, ArtifactChange) -> Void
    private let starter: SandboxStarter
    private let eviction: EvictionPolicy
    private let prewarmQueue: PrewarmQueue
    private let observations: EngineObservations
    private let image: ImageInspection
    private let provision: ImageProvision?
    private var events: SandboxEvents { observations.events }

    /// Which users lost a sandbox between their calls.
    public nonisolated let losses: SandboxLosses

    private(set) var entries: [UserID: PooledSandbox] = [:] { didSet { events(.count(entries.count)) } }
    private var prewarmer: Prewarmer
    private var hasSwept = false
    /// Warnings about skills and tools that were already logged. Every start would repeat them.
    private var reportedWarnings: Set<String> = []
    private var isClosed = false
    private var housekeeping: Task<Void, Never>?

    /// Creates a pool without sandboxes. Nothing is started or looked up until the first call or ``prewarm(_:)``.
    ///
    /// - Parameters:
    ///   - locateEngine: finds the engine. Called at each start of a sandbox, so that an engine installed in the
    ///     meantime is found.
    ///   - bridge: lets code in the sandboxes call tools outside; `nil` for no bridge. The configuration must say that
    ///     there is one.
    ///   - provision: gets an image that the engine lacks; `nil` to fail instead.
    ///   - events: receives what happens to the sandboxes.
    ///   - onArtifactsChanged: called when artifacts were added, modified or removed in a running sandbox, whatever
    ///     the cause, and soon after the start of a sandbox that has some. It may be called on any thread, in order
    ///     for each user, and must return soon because that sandbox's replies wait for it.
    package init(
        configuration: SandboxConfiguration, limits: Limits, logger: Logger,
        locateEngine: @escaping @Sendable () throws(ExecError) -> any ContainerEngine,
        bridge: (any SandboxBridge)?, provision: ImageProvision? = nil, events: SandboxEvents = SandboxEvents(),
        onArtifactsChanged: @escaping @Sendable (UserID, ArtifactChange) -> Void = { _, _ in }
    ) {
        self.configuration = configuration
        self.limits = limits
        self.logger = logger
        self.locateEngine = locateEngine
        self.provision = provision
        self.onArtifactsChanged = onArtifactsChanged
        owner = .current()
        losses = SandboxLosses(keepsWorkspace: configuration.workspace != .ephemeral)
        eviction = EvictionPolicy(limits: limits)
        let prewarmQueue = PrewarmQueue(capacity: limits.maxSandboxes)
        self.prewarmQueue = prewarmQueue
        prewarmer = Prewarmer(queue: prewarmQueue)
        let observations = EngineObservations(logger: logger, events: events)
        self.observations = observations
        image = ImageInspection {
            guard let engine = try? locateEngine() else { return nil }
            return (try? await engine.image(configuration.image)).map(ImageContents.init(of:))
        }
        starter = SandboxStarter(
            bridge: bridge, logger: logger, observations: observations,
            lingering: limits.linger > 0
                ? Lingering(seconds: limits.linger, bridge: bridge, logger: logger, observations: observations) : nil)
    }

    /// Creates a pool as the designated initializer does, without a bridge, provision or events.
    public init(
        configuration: SandboxConfiguration, limits: Limits, logger: Logger,
        locateEngine: @escaping @Sendable () throws(ExecError) -> any ContainerEngine,
        onArtifactsChanged: @escaping @Sendable (UserID, ArtifactChange) -> Void = { _, _ in }
    ) {
        self.init(
            configuration: configuration, limits: limits, logger: logger, locateEngine: locateEngine, bridge: nil,
            onArtifactsChanged: onArtifactsChanged)
    }

    /// What the sandboxes so far show about how the engine enforces their limits.
    public nonisolated var limitKnowledge: LimitKnowledge { observations.limits }

    /// What the image has. Asks the engine once; if it doesn't answer soon, a standard image is assumed.
    public nonisolated func imageContents() async -> ImageContents {
        await image.contents(within: Self.imagePatience) ?? .standard
    }

    /// Starts the sandboxes of these users in the background if they have none: a few at once, and only as far as
    /// there is room, because no other sandbox is stopped for them.
    ///
    /// A prewarmed sandbox is like any other, except that it is replaced if it ends by itself. A failed start is
    /// logged as a warning; the user's first call tries again.
    public nonisolated func prewarm(_ users: [UserID]) {
        if prewarmQueue.add(users) { Task { await startAhead() } }
    }

    /// Runs `body` with the user's sandbox, which is started if needed and not stopped in the meantime.
    ///
    /// - Parameters:
    ///   - onStart: called once before the wait if the call has to wait for a sandbox to start.
    ///   - onNews: receives what a launcher says, and what happens if the image has to be provided first; `nil` if nobody
    ///     sees it.
    /// - Throws: ``ExecError`` if no sandbox is available, and any error that `body` throws.
    public nonisolated func withSandbox<Value: Sendable>(
        of user: UserID, onStart: (@Sendable () -> Void)? = nil, onNews: (@Sendable (String) -> Void)? = nil,
        _ body: @Sendable (Sandbox) async throws -> Value
    ) async throws -> Value {
        let sandbox = try await observations.telling(onNews, of: user) {
            try await ImageProvision.providing(provision, onProgress: onNews) {
                try await acquire(user, onStart: onStart)
            }
        }
        return try await run(body, with: sandbox, of: user)
    }

    /// Runs `body` with the user's sandbox if there is one, without starting one. Waits for a sandbox that is starting
    /// for a call, but not for one that is being prewarmed.
    ///
    /// - Returns: the result of `body`; `nil` if the user has no sandbox.
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
    /// - Parameter grace: seconds until sandboxes that don't end by themselves are forced to.
    public func close(grace: Double) async {
        isClosed = true
        housekeeping?.cancel()
        let last = entries.values
        entries = [:]
        await withTaskGroup(of: Void.self) { [lingering = starter.lingering, events] group in
            for entry in last {
                group.addTask {
                    if let lingering, let sandbox = entry.sandbox, entry.hasServed,
                        await lingering.leave(sandbox, within: grace)
                    {
                        return events(.ended(.left))
                    }
                    // A sandbox that is still starting ends as soon as its guest would have come up.
                    entry.start.cancel()
                    guard let sandbox = try? await entry.start.value else { return }
                    events(.ended(.shutdown))
                    await sandbox.stop(grace: grace, removal: 0.1)
                }
            }
        }
    }

    /// The names of the approved skills that a user's sandbox has; `nil` if the user has no sandbox, so that the next one
    /// gets all.
    package func approvedSkills(of user: UserID) -> Set<String>? {
        guard case .running(let sandbox) = entries[user]?.state else { return nil }
        return sandbox.approvedSkills
    }

    /// How many users have a sandbox, including those that are starting.
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
        // Hosts list the artifacts next to the tools. That must not wait for a sandbox that no call waits for.
        case .starting where entry.activeCalls == 0: return nil
        // If it fails to start, the call that wanted it reports why.
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

    /// Prewarms sandboxes until the maximum number of starts is running or the queue is empty.
    private func startAhead() {
        while let user = prewarmer.next() { startAhead(for: user) }
    }

    private func startAhead(for user: UserID) {
        if case .ending = entries[user]?.state { bury(user) }
        entries[user]?.isKept = true
        guard entries[user] == nil, !isClosed else { return }
        guard entries.count < limits.maxSandboxes else {
            return logger.debug("no room to prewarm the sandbox of \(user)")
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
                logger.info("sandbox \(sandbox.name) is prewarmed for the next call")
                started = sandbox
            } catch {
                // A start that was given up needs no report: its place was needed, or the server is shutting down.
                if !start.isCancelled { warn(user, error) }
                await provision?.begin(after: error)
            }
            prewarmer.endStart()
            startAhead()
            // Warm-up: the first command takes longer, on both sides of the channel.
            _ = try? await started?.execute("true", timeout: Self.rehearsalTimeout)
        }
    }

    /// Logs a failed prewarm unless it repeats the previous failure.
    private func warn(_ user: UserID, _ error: any Error) {
        guard prewarmer.recordFailure(error) else { return }
        logger.warning("the sandbox of \(user) could not be prewarmed; the first call tries again: \(error)")
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
            name: SandboxSpec.newName(for: user), user: user, owner: engine.isLaunched ? owner.ofLaunched : owner,
            account: starter.accounts.account(of: user, in: configuration), configuration: configuration, limits: limits
        )
        for warning in spec.hostMounts.warnings where reportedWarnings.insert(warning).inserted {
            logger.warning(warning)
        }
        entries[user] = PooledSandbox(
            start: Task { [spec, starter, onArtifactsChanged] in
                try await starter.start(spec, engine: engine, isAhead: isKept) { onArtifactsChanged(user, $0) }
            }, isKept: isKept)
        startHousekeeping()
    }

    private func makeRoom() throws(ExecError) {
        guard entries.count >= limits.maxSandboxes else { return }
        guard let user = eviction.victim(among: entries) else {
            throw ExecError(
                .busy,
                """
                All \(limits.maxSandboxes) sandboxes of this server are busy. Call again when one is free, or \
                raise --max-sandboxes.
                """)
        }
        stop(user, "another user needs its place", .evicted)
    }

    /// Stops a sandbox between calls. If it has served its user, the user is notified with the next result.
    private func stop(_ user: UserID, _ reason: String, _ end: SandboxEvent.End) {
        logger.info("stopping the sandbox of \(user): \(reason)")
        if entries[user]?.hasServed == true { losses.record("was stopped (\(reason))", for: user) }
        discard(user, end)
    }

    /// Discards a sandbox that has ended. If no call has failed because of that, its user is notified with the next
    /// result.
    private func bury(_ user: UserID) {
        guard let entry = entries[user], let sandbox = entry.sandbox else { return }
        if entry.hasServed, sandbox.hasEndedUnheard { losses.record(sandbox.endCause, for: user) }
        discard(user, .lost)
    }

    /// Stops a user's sandbox, with everything that runs in it, and waits until it is gone.
    ///
    /// - Parameter reason: why, for the note about it in the user's next result.
    /// - Returns: whether the user had a sandbox.
    package func stopSandbox(of user: UserID, because reason: String) async -> Bool {
        guard let entry = entries[user] else { return false }
        logger.info("stopping the sandbox of \(user): \(reason)")
        if entry.hasServed { losses.record("was stopped (\(reason))", for: user) }
        await discard(user, .requested)?.value
        return true
    }

    /// Removes a sandbox from the pool and stops it in the background.
    ///
    /// - Returns: the task that stops it.
    @discardableResult
    private func discard(_ user: UserID, _ end: SandboxEvent.End) -> Task<Void, Never>? {
        guard let entry = entries.removeValue(forKey: user) else { return nil }
        // No need to wait until a sandbox that is still starting is up.
        entry.start.cancel()
        return Task.detached { [events] in
            guard let sandbox = try? await entry.start.value else { return }
            events(.ended(end))
            await sandbox.stop()
        }
    }

    private func startHousekeeping() {
        guard housekeeping == nil else { return }
        housekeeping = Task { [weak self] in
            while (try? await Task.sleep(for: Self.housekeepingInterval, tolerance: .seconds(1))) != nil {
                guard await self?.sweepIdle() == true else { return }
            }
        }
    }

    /// Stops idle sandboxes, gives up on hung ones and discards those that have ended.
    ///
    /// - Returns: whether any sandboxes are left.
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
                if let reason = entries[user].flatMap({ eviction.reasonToStop($0, at: now) }) {
                    stop(user, reason, .idle)
                }
            }
        }
        if entries.isEmpty { housekeeping = nil }
        return !entries.isEmpty
    }

    /// Prewarms a replacement for a sandbox that ended by itself, unless it ended too soon.
    private func replace(_ entry: PooledSandbox, of user: UserID) {
        guard Prewarmer.isWorthReplacing(entry) else {
            return logger.warning(
                "the sandbox of \(user) ended soon after it was prewarmed; the first call starts another")
        }
        logger.info("the sandbox of \(user) ended: prewarming another for the next call")
        prewarm([user])
    }
}
