import ChildProcess
import Diagnostics
import JSON
import SystemCalls
import Threading

/// One user's container: a child process of the engine's command line, whose standard input and output lead to the
/// guest.
///
/// The pipe is the sandbox's lifeline. When it closes for any reason, the guest exits, and with process 1 everything
/// in the container. The engine then removes the container.
public final class Sandbox: Sendable {
    /// How long after its own deadline a call may stay unanswered before the guest counts as hung, in seconds.
    static let answerGrace = 15.0
    /// How long a launcher that was asked to end may take before it is killed, in seconds.
    private static let launcherGrace = 10.0
    /// How long a guest that another server left behind may take to end that server's calls and send a handshake, in
    /// seconds.
    private static let resumeTimeout = 15.0

    /// The queue in which a call waits if many are running.
    enum Lane {
        /// Tool calls, whose commands may take long.
        case tools
        /// Quick artifact reads, which must not wait behind long commands.
        case artifacts
    }

    /// The name of the container.
    let name: String
    /// Limits on what calls may request.
    let limits: Limits
    /// What it needs to linger; `nil` if it is not to.
    let place: Lingering.Place?
    /// Whether another server started it.
    let isResumed: Bool
    /// The names of the approved skills that are mounted in it.
    let approvedSkills: Set<String>

    private let engine: any ContainerEngine
    let child: ChildProcess
    let channel: Channel
    private let toolTurns = AsyncSemaphore(count: Limits.concurrentCalls)
    private let artifactTurns = AsyncSemaphore(count: Limits.concurrentArtifactCalls)
    private let ended = AsyncEvent()
    private let firstCause = Locked<String?>(nil)
    /// The last line that the engine's command line has written to its error output; `nil` for none.
    private let lastWords = Locked<String?>(nil)
    private let release = PipeRelease()
    private let watch: GuestWatch
    private let observations: EngineObservations
    /// Lets code call tools outside; `nil` if it can't.
    let bridge: (any SandboxBridgeSession)?
    let installTurn = AsyncSemaphore(count: 1)
    let logger: Logger

    /// Starts a container and waits for its guest.
    ///
    /// - Parameters:
    ///   - place: what it needs to linger, which the sandbox closes when it ends; `nil` if it is not to linger.
    ///   - bridge: lets code in it call tools outside; `nil` for no bridge.
    /// - Throws: ``ExecError`` with the cause and a remedy, or ``AccountError``.
    static func start(
        _ spec: SandboxSpec, engine: any ContainerEngine, place: Lingering.Place? = nil,
        bridge: (any SandboxBridge)? = nil, logger: Logger, observations: EngineObservations,
        onArtifactsChanged: @escaping @Sendable (ArtifactChange) -> Void
    ) async throws -> Sandbox {
        let sandbox: Sandbox
        let key = spec.configuration.isSealed(with: engine) ? SealKey() : nil
        do {
            sandbox = try Sandbox(
                spec, name: spec.name, engine: engine, child: await engine.start(spec.container), key: key,
                place: place, bridge: bridge, logger: logger, observations: observations,
                onArtifactsChanged: onArtifactsChanged)
        } catch {
            place?.close()
            throw error
        }
        let seconds = engine.startTimeout(spec.limits)
        let bootstrapPayload = GuestProgram.bootstrapPayload(
            for: spec.configuration, limits: spec.limits, isEngineLocal: engine.isLocal,
            guardsMemory: engine.endsAsAWhole, key: key)
        try await sandbox.awaitHandshake(after: bootstrapPayload, seconds: Double(seconds), spec) {
            .slowStart(after: seconds, engine: engine, lastWords: sandbox.lastWords.withLock { $0 })
        }
        return sandbox
    }

    /// Resumes a sandbox that another server left behind.
    ///
    /// - Returns: `nil` if its guest doesn't repeat the handshake.
    static func resume(
        _ taken: Lingering.Taken, as spec: SandboxSpec, engine: any ContainerEngine,
        bridge: (any SandboxBridge)? = nil, logger: Logger, observations: EngineObservations,
        onArtifactsChanged: @escaping @Sendable (ArtifactChange) -> Void
    ) async -> Sandbox? {
        let name = taken.place.container
        do {
            let sandbox = try Sandbox(
                spec, name: name, engine: engine, child: ChildProcess(adopting: taken.ends), place: taken.place,
                isResumed: true, bridge: bridge, logger: logger, observations: observations,
                onArtifactsChanged: onArtifactsChanged)
            try await sandbox.awaitHandshake(after: Frame(.hello, call: 0).bytes, seconds: resumeTimeout, spec) {
                ExecError(.sandboxEnded, "It did not answer in time.")
            }
            logger.info("reusing sandbox \(name), which another server left")
            return sandbox
        } catch {
            logger.warning("cannot reuse sandbox \(name), which another server left: \(error)")
            return nil
        }
    }

    private init(
        _ spec: SandboxSpec, name: String, engine: any ContainerEngine, child: ChildProcess, key: SealKey? = nil,
        place: Lingering.Place?, isResumed: Bool = false, bridge: (any SandboxBridge)?, logger: Logger,
        observations: EngineObservations, onArtifactsChanged: @escaping @Sendable (ArtifactChange) -> Void
    ) throws {
        self.name = name
        self.child = child
        self.engine = engine
        self.place = place
        self.isResumed = isResumed
        self.observations = observations
        self.logger = logger
        limits = spec.limits
        approvedSkills = spec.hostMounts.approvedNames
        let input = FrameWriter(child.input, key: key)
        let session = bridge?.session(of: spec.user, sandbox: name) { frame in try input.writeBlocking(frame) }
        self.bridge = session
        channel = Channel(
            input: input, opener: key.map { RecordOpener($0, .fromGuest) }, logger: logger,
            guestCalls: Self.guestCallHandlers(
                for: spec, bridge: session, input: input, logger: logger, events: observations.events),
            onArtifactsChanged: onArtifactsChanged)
        watch = GuestWatch(channel, interval: spec.limits.heartbeat) {
            let isSuspended = await engine.isSuspended(name)
            if isSuspended { logger.info("sandbox \(name) gives no sign of life: somebody has paused or stopped it") }
            return isSuspended
        } onGone: { [channel, firstCause, isLocal = engine.isLocal] in
            let seconds = spec.limits.heartbeat * Heartbeat.maxSilentIntervals
            logger.warning("sandbox \(name) gave no sign of life for \(seconds) seconds: ending it")
            Self.record("gave no sign of life for \(seconds) seconds and was given up", in: firstCause)
            channel.end(.silence(of: seconds, isEngineLocal: isLocal))
        }
        try child.read { [name, channel, firstCause] bytes in
            do throws(ChannelError) {
                try channel.receive(bytes)
            } catch {
                logger.error("sandbox \(name) \(error.reason): ending it")
                if error.isBrokenSeal {
                    Self.record("was ended because its sealed channel was tampered with on the way", in: firstCause)
                    return channel.end(.brokenSeal(engine: engine.name))
                }
                // Before the handshake, these bytes come from the engine: no code runs in the sandbox yet.
                guard channel.hasGreeted || isResumed else {
                    return channel.end(.strayOutput(channel.unreadBytes, engine: engine.name))
                }
                Self.record("was ended because something in it tampered with its channel", in: firstCause)
                channel.end(Self.tamperingError(error))
            }
        } onErrorOutput: { [listener = Self.listener(for: spec.user, of: engine, observations, lastWords)] in
            listener($0)
        } onRelease: { [release] ends in
            release.complete(with: ends)
        } onEnd: { [channel, ended, firstCause] end in
            engine.processEnded(of: name)
            logger.debug("sandbox \(name) ended: \(end.status)")
            if channel.hasGreeted, !channel.hasSaidGoodbye, end.status == .exited(0) {
                Self.record("was cut off (the engine's command line ended without its goodbye)", in: firstCause)
                channel.end(.cutOff(engine: engine.name))
            } else {
                let failure = engine.explain(
                    end, of: spec.configuration, printed: channel.hasGreeted ? [] : channel.unreadBytes)
                Self.record("ended unexpectedly (\(failure.summary))", in: firstCause)
                channel.end(channel.hasGreeted ? failure.endError : failure.startError)
            }
            place?.close()
            ended.complete()
        }
    }

    /// Returns what receives the engine's error output.
    private static func listener(
        for user: UserID, of engine: any ContainerEngine, _ observations: EngineObservations,
        _ lastWords: Locked<String?>
    ) -> @Sendable (UnsafeRawBufferPointer) -> Void {
        observations.listener { [isLaunched = engine.isLaunched] line in
            lastWords.withLock { $0 = line }
            // Those who wait see what they wait for, such as a place in a queue.
            if isLaunched { observations.tell(line, to: user) }
        }
    }

    /// Writes what makes the guest send its handshake and waits for it. Stops the sandbox on failure.
    private func awaitHandshake(
        after words: [UInt8], seconds: Double, _ spec: SandboxSpec, slow: @Sendable () -> ExecError
    ) async throws {
        do {
            let handshake = try await withTimeout(seconds: seconds, slow()) { [channel] in
                try await withTaskCancellationHandler {
                    // If the pipe is already closed, the process's end, which `handshake()` waits for, gives a better
                    // reason.
                    try? await channel.write(words)
                    return try await channel.handshake()
                } onCancel: {
                    channel.end(ExecError(.sandboxEnded, "The start of the sandbox was abandoned."))
                }
            }
            try MissingFilesError.check(handshake, of: spec)
            try Accounts.check(handshake, of: spec)
            try Self.check(handshake, of: spec.configuration)
            observations.record(unwritable: Self.unwritable(handshake), of: spec.configuration)
            observations.record(SeenLimits(handshake[HandshakeName.limits]), of: spec.configuration)
        } catch {
            await stop()
            throw error
        }
    }

    /// The handlers of guest-initiated calls.
    private static func guestCallHandlers(
        for spec: SandboxSpec, bridge: (any SandboxBridgeSession)?, input: FrameWriter, logger: Logger,
        events: SandboxEvents
    ) -> [GuestCallMethod: any GuestCallHandler] {
        var handlers: [GuestCallMethod: any GuestCallHandler] = [:]
        let hosts = spec.configuration.allowedHosts
        if !hosts.isEmpty {
            handlers[.connect] = EgressRelay(
                policy: EgressPolicy(hosts: hosts), gate: bridge?.egressGate, sandbox: spec.name, logger: logger,
                events: events
            ) { frame in try input.writeBlocking(frame) }
        }
        handlers[.bridge] = bridge
        return handlers
    }

    private static func tamperingError(_ violation: ChannelError) -> ExecError {
        ExecError(
            .sandboxEnded,
            """
            The sandbox was ended because something in it tampered with its channel: it \(violation.reason). The next \
            call starts a new one; files in a persistent /workspace are still there.
            """)
    }

    private static func record(_ cause: String, in first: Locked<String?>) {
        first.withLock { if $0 == nil { $0 = cause } }
    }

    /// The directories that, according to the guest, the sandbox cannot write to.
    private static func unwritable(_ handshake: JSON) -> [String] {
        handshake[HandshakeName.unwritable]?.arrayValue?.compactMap(\.stringValue) ?? []
    }

    private static func check(_ handshake: JSON, of configuration: SandboxConfiguration) throws(ExecError) {
        let image = configuration.image
        if configuration.provesNoNetwork, let error = NetworkProof.error(in: handshake) { throw error }
        guard handshake[HandshakeName.shell] == true else {
            throw ExecError(.engineFailed, "The image \(image) has no /bin/bash, which a sandbox needs. Use another.")
        }
        guard !unwritable(handshake).contains("/workspace") else {
            guard configuration.workspace != .ephemeral else {
                throw ExecError(
                    .engineFailed,
                    """
                    /workspace cannot be written by the sandbox's user: in memory it has the mode that it has in the image \
                    \(image), where it must be writable for everybody (chmod 1777).
                    """)
            }
            throw ExecError(
                .engineFailed,
                """
                /workspace cannot be written by the sandbox's user: it belongs to another user, or is read-only. If it \
                is a directory of this machine, give it to an ordinary user (not root); if it is a volume, it has the \
                mode of /workspace in the image: that must be writable for everybody, or belong to uid \
                \(Account.common.user).
                """)
        }
    }

    /// Whether the sandbox can no longer be used.
    var hasEnded: Bool { channel.hasEnded }

    /// Whether it has ended and no call has failed because of that.
    var hasEndedUnheard: Bool { channel.hasEndedUnheard }

    /// How it ended, as a predicate for a sentence about the sandbox.
    var endCause: String { firstCause.withLock { $0 } ?? "ended" }

    /// Whether background processes of commands are alive in it, as the guest reports. A guest that lies only keeps
    /// its own sandbox longer.
    var hasJobs: Bool { channel.hasJobs }

    /// Makes one call to the guest once a slot is free.
    ///
    /// - Parameters:
    ///   - body: bytes that follow the call, for operations that accept a body.
    ///   - replyLimit: how many bytes the guest may send back, not counting the result itself.
    ///   - queue: the queue in which it waits for a slot.
    ///   - onBegin: called with the call's id before the guest learns of the call.
    ///   - onProgress: called with each progress message; `nil` if the guest may send none.
    /// - Throws: ``ExecError``, and `CancellationError` if the task was cancelled before the call started.
    func call<Parameters: GuestParameters>(
        _ parameters: Parameters, body: [UInt8]? = nil, replyLimit: Int, lane: Lane = .tools,
        onBegin: (UInt32) -> Void = { _ in }, onProgress: (@Sendable ([UInt8]) -> Void)? = nil
    ) async throws -> Channel.Reply {
        if lane == .tools { try await installChangedModules() }
        return try await callGuest(
            parameters, body: body, replyLimit: replyLimit, lane: lane, onBegin: onBegin, onProgress: onProgress)
    }

    /// Makes one call as ``call(_:body:replyLimit:lane:onBegin:onProgress:)`` does, without looking at the modules
    /// first.
    func callGuest<Parameters: GuestParameters>(
        _ parameters: Parameters, body: [UInt8]? = nil, replyLimit: Int, lane: Lane = .tools,
        onBegin: (UInt32) -> Void = { _ in }, onProgress: (@Sendable ([UInt8]) -> Void)? = nil
    ) async throws -> Channel.Reply {
        let turns = lane == .tools ? toolTurns : artifactTurns
        try await wait(for: turns, isCounted: lane == .tools)
        defer { turns.signal() }
        await AnswerRoom.wait()
        // The task may have been cancelled while the sandbox started; a short command would finish before the guest
        // received the cancellation.
        try Task.checkCancellation()
        return try await channel.call(
            Parameters.operation.rawValue, parameters.json, body: body,
            seconds: parameters.timeout + Self.answerGrace, replyLimit: replyLimit, onBegin: onBegin,
            onProgress: onProgress)
    }

    private func wait(for turns: AsyncSemaphore, isCounted: Bool) async throws {
        guard isCounted else { return try await turns.wait() }
        let start = ContinuousClock.now
        observations.events(.queued)
        defer { observations.events(.dequeued(seconds: start.duration(to: .now) / .seconds(1))) }
        try await turns.wait()
    }

    /// Ends the sandbox if a call is past its deadline without an answer, or its guest gives no sign of life. To be
    /// called about once a second.
    func endIfHung() {
        watch.check(at: .now)
        guard channel.hasOverdueCall(at: .now) else { return }
        Self.record("did not answer and was ended", in: firstCause)
        channel.end(
            ExecError(
                .sandboxEnded, "The sandbox did not answer in time and was ended. The next call starts a new one."))
    }

    /// Ends the sandbox and waits until its container is gone.
    ///
    /// - Parameters:
    ///   - grace: seconds for an orderly exit before the engine is told to remove the container.
    ///   - removal: seconds to wait for the removal. The engine continues with it when the time is up, or when this
    ///     process is gone.
    public func stop(grace: Double = 3, removal: Double = 10) async {
        child.input.close()
        if await ended.wait(seconds: grace) { return }
        // The guest is hung or the engine is slow. This process may end before a task could run.
        engine.processEnded(of: name)
        Task.detached { [child, engine, name, ended] in
            if engine.isLaunched {
                // A launcher that is asked to end takes its job along; one that is killed leaves it to itself.
                child.signal(SIGTERM)
                _ = await ended.wait(seconds: Self.launcherGrace)
            } else {
                _ = try? await engine.remove([name], within: 30)
            }
            child.signal(SIGKILL)
        }
        _ = await ended.wait(seconds: removal)
    }

    /// Fails every call, makes the guest go idle and hands over the pipes, so that another server can resume the
    /// sandbox.
    ///
    /// - Returns: the pipes, owned by the caller; `nil` if the guest doesn't go idle in time. The caller must then
    ///   stop the sandbox.
    func release(within seconds: Double) async -> PipeEnds? {
        let error = ExecError(.busy, "The server is shutting down.")
        Task.detached { [channel, child] in
            // A failure shows as a timeout.
            try? await channel.leave(error) { child.release() }
        }
        return await release.wait(seconds: seconds)
    }
}
