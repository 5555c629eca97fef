import ChildProcess
import Diagnostics
import JSON
import SystemCalls
import Threading

/// One user's container: a child process of the engine's, whose standard input and output lead to the guest.
///
/// The pipe is the sandbox's life. When it closes, for whatever reason, the guest ends, and with process 1 everything in
/// the container; the engine then removes it.
public final class Sandbox: Sendable {
    /// How long the engine may take to bring a sandbox up, in seconds.
    static let startTimeout = 60.0
    /// How long after its own deadline a call may stay unanswered before the guest counts as hung, in seconds.
    static let answerGrace = 15.0
    /// How long a guest that another server left may take to end that one's calls and say hello, in seconds.
    private static let resumeTimeout = 15.0

    /// What a call waits for when many are under way.
    enum Queue {
        /// The tools, whose commands may take long.
        case tools
        /// Quick looks at artifacts, which are not to wait behind long commands.
        case artifacts
    }

    /// Name of the container.
    let name: String
    /// Bounds on what calls may ask for.
    let limits: Limits
    /// What it needs to linger; `nil` where it is not to.
    let place: Lingering.Place?
    /// Whether another server started it.
    let isResumed: Bool

    private let engine: any ContainerEngine
    private let child: ChildProcess
    private let channel: Channel
    private let toolTurns = AsyncSemaphore(count: Limits.concurrentCalls)
    private let artifactTurns = AsyncSemaphore(count: Limits.concurrentArtifactCalls)
    private let ended = AsyncEvent()
    private let firstCause = Locked<String?>(nil)
    private let release = PipeRelease()
    private let observations: EngineObservations

    /// Starts a container and waits for its guest.
    ///
    /// - Parameter place: what it needs to linger, which it closes at its end; `nil` where it is not to.
    /// - Throws: ``ExecError`` with what is wrong and how to mend it, or ``AccountError``.
    static func start(
        _ spec: SandboxSpec, engine: any ContainerEngine, place: Lingering.Place? = nil, logger: Logger,
        observations: EngineObservations, onArtifactsChanged: @escaping @Sendable (ArtifactChange) -> Void
    ) async throws -> Sandbox {
        let sandbox: Sandbox
        do {
            sandbox = try Sandbox(
                spec, name: spec.name, engine: engine, child: engine.start(spec.container),
                place: place, logger: logger, observations: observations, onArtifactsChanged: onArtifactsChanged)
        } catch {
            place?.close()
            throw error
        }
        let slow = ExecError(
            .engineFailed,
            "The engine did not start the sandbox within \(Int(startTimeout)) seconds. Is it overloaded or hung?")
        let handover = GuestProgram.handover(for: spec.configuration, limits: spec.limits)
        try await sandbox.awaitGreeting(after: handover, seconds: startTimeout, slow, spec)
        return sandbox
    }

    /// Goes on with a sandbox that another server left.
    ///
    /// - Returns: `nil` where its guest does not say hello again.
    static func resume(
        _ taken: Lingering.Taken, as spec: SandboxSpec, engine: any ContainerEngine, logger: Logger,
        observations: EngineObservations, onArtifactsChanged: @escaping @Sendable (ArtifactChange) -> Void
    ) async -> Sandbox? {
        let name = taken.place.container
        do {
            let sandbox = try Sandbox(
                spec, name: name, engine: engine, child: ChildProcess(adopting: taken.ends), place: taken.place,
                isResumed: true, logger: logger, observations: observations, onArtifactsChanged: onArtifactsChanged)
            let slow = ExecError(.sandboxEnded, "It did not answer in time.")
            try await sandbox.awaitGreeting(
                after: Frame(.hello, call: 0).bytes, seconds: resumeTimeout, slow, spec)
            logger.info("going on with sandbox \(name), which another server left")
            return sandbox
        } catch {
            logger.warning("cannot go on with sandbox \(name), which another server left: \(error)")
            return nil
        }
    }

    private init(
        _ spec: SandboxSpec, name: String, engine: any ContainerEngine, child: ChildProcess,
        place: Lingering.Place?, isResumed: Bool = false, logger: Logger, observations: EngineObservations,
        onArtifactsChanged: @escaping @Sendable (ArtifactChange) -> Void
    ) throws {
        self.name = name
        self.child = child
        self.engine = engine
        self.place = place
        self.isResumed = isResumed
        self.observations = observations
        limits = spec.limits
        channel = Channel(
            input: child.input, logger: logger,
            guestCalls: Self.guestCallHandlers(for: spec, input: child.input, logger: logger),
            onArtifactsChanged: onArtifactsChanged)
        try child.read { [name, channel, firstCause] bytes in
            do throws(ChannelError) {
                try channel.receive(bytes)
            } catch {
                logger.error("sandbox \(name) \(error.reason): ending it")
                // Before the guest's first word it is the engine that spoke, and no code is in the sandbox yet.
                guard channel.hasGreeted || isResumed else {
                    return channel.end(.strayOutput(channel.unreadBytes, engine: engine.name))
                }
                Self.record("was ended because something in it tampered with its channel", in: firstCause)
                channel.end(Self.tamperingError(error))
            }
        } onErrorOutput: { [listener = observations.listener()] in
            listener($0)
        } onRelease: { [release] ends in
            release.complete(with: ends)
        } onEnd: { [channel, ended, firstCause] end in
            let failure = engine.explain(
                end, of: spec.configuration, printed: channel.hasGreeted ? [] : channel.unreadBytes)
            logger.debug("sandbox \(name) ended: \(end.status)")
            Self.record("ended by itself (\(failure.summary))", in: firstCause)
            channel.end(channel.hasGreeted ? failure.endError : failure.startError)
            place?.close()
            ended.complete()
        }
    }

    /// Writes what makes the guest say hello, and waits for that. If it comes to nothing, the sandbox is stopped.
    private func awaitGreeting(
        after words: [UInt8], seconds: Double, _ slow: ExecError, _ spec: SandboxSpec
    ) async throws {
        do {
            let greeting = try await withTimeout(seconds: seconds, slow) { [channel] in
                try await withTaskCancellationHandler {
                    // A pipe that is closed already says less than the process's end, which the greeting waits for.
                    try? await channel.write(words)
                    return try await channel.greeting()
                } onCancel: {
                    channel.end(ExecError(.sandboxEnded, "The start of the sandbox was given up."))
                }
            }
            try Accounts.check(greeting, of: spec)
            try Self.check(greeting, of: spec.configuration)
            observations.record(unwritable: Self.unwritable(greeting), of: spec.configuration)
            observations.record(SeenLimits(greeting[HandshakeName.limits]), of: spec.configuration)
        } catch {
            await stop()
            throw error
        }
    }

    /// What serves the calls that the guest starts.
    private static func guestCallHandlers(
        for spec: SandboxSpec, input: PipeWriter, logger: Logger
    ) -> [GuestCallMethod: any GuestCallHandler] {
        var handlers: [GuestCallMethod: any GuestCallHandler] = [:]
        let hosts = spec.configuration.allowedHosts
        if !hosts.isEmpty {
            handlers[.connect] = EgressRelay(
                policy: EgressPolicy(hosts: hosts), sandbox: spec.name, logger: logger
            ) { frame in try input.writeBlocking(frame.bytes) }
        }
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

    /// The directories that the sandbox cannot write to, as the guest says.
    private static func unwritable(_ greeting: JSON) -> [String] {
        greeting[HandshakeName.unwritable]?.arrayValue?.compactMap(\.stringValue) ?? []
    }

    private static func check(_ greeting: JSON, of configuration: SandboxConfiguration) throws(ExecError) {
        let image = configuration.image
        guard greeting[HandshakeName.shell] == true else {
            throw ExecError(.engineFailed, "The image \(image) has no /bin/bash, which a sandbox needs. Use another.")
        }
        guard !unwritable(greeting).contains("/workspace") else {
            guard configuration.workspace != .ephemeral else {
                throw ExecError(
                    .engineFailed,
                    """
                    /workspace cannot be written by the sandbox's user: in memory it has the mode that it has in the image \
                    \(image), and there it must be writable for everybody (chmod 1777).
                    """)
            }
            throw ExecError(
                .engineFailed,
                """
                /workspace cannot be written by the sandbox's user: it belongs to another, or is read-only. If it is a \
                directory of this machine, give it to an ordinary user (not root); if it is a volume, it is as the image \
                has /workspace: that must be writable for everybody, or belong to uid \(Account.common.user).
                """)
        }
    }

    /// Whether the sandbox can no longer be used.
    var hasEnded: Bool { channel.hasEnded }

    /// Whether it has ended and no call has heard of that.
    var hasEndedUnheard: Bool { channel.hasEndedUnheard }

    /// How it ended, as the end of a sentence about it.
    var endCause: String { firstCause.withLock { $0 } ?? "ended" }

    /// Whether processes live in it that commands left in the background. It is the guest's word: one that lies keeps
    /// its own sandbox longer.
    var hasJobs: Bool { channel.hasJobs }

    /// Makes one call to the guest, when its turn has come.
    ///
    /// - Parameters:
    ///   - body: bytes that follow the call, for the operations that take some.
    ///   - replyLimit: how many bytes the guest may send back, besides the result itself.
    ///   - queue: what it waits its turn with.
    ///   - onProgress: called with each piece of progress; `nil` where the guest may send none.
    /// - Throws: ``ExecError``, and `CancellationError` where the task was cancelled before the call began.
    func call<Parameters: GuestParameters>(
        _ parameters: Parameters, body: [UInt8]? = nil, replyLimit: Int, queue: Queue = .tools,
        onProgress: (@Sendable ([UInt8]) -> Void)? = nil
    ) async throws -> Channel.Reply {
        let turns = queue == .tools ? toolTurns : artifactTurns
        try await turns.wait()
        defer { turns.signal() }
        await AnswerRoom.wait()
        // Cancelled while the sandbox started: a short command would be done before the guest heard of it.
        try Task.checkCancellation()
        return try await channel.call(
            Parameters.operation.rawValue, parameters.json, body: body,
            seconds: parameters.timeout + Self.answerGrace, replyLimit: replyLimit, onProgress: onProgress)
    }

    /// Gives up on a guest that has let a call's time pass without an answer.
    func endIfHung() {
        guard channel.hasOverdueCall(at: .now) else { return }
        Self.record("did not answer and was ended", in: firstCause)
        channel.end(
            ExecError(
                .sandboxEnded, "The sandbox did not answer in time and was ended. The next call starts a new one."))
    }

    /// Ends the sandbox and waits until its container is gone.
    ///
    /// - Parameters:
    ///   - grace: seconds that the orderly way may take before the engine is told to remove the container.
    ///   - removal: seconds to wait for that. The engine goes on with it when the time is up, or we are gone.
    public func stop(grace: Double = 3, removal: Double = 10) async {
        child.input.close()
        if await ended.wait(seconds: grace) { return }
        // The guest is hung or the engine slow.
        Task.detached { [child, engine, name] in
            _ = try? await engine.remove([name], within: 30)
            child.signal(SIGKILL)
        }
        _ = await ended.wait(seconds: removal)
    }

    /// Ends every call, has the guest rest and gives the pipes away, for another server to go on with.
    ///
    /// - Returns: the pipes, which are the caller's; `nil` where the guest does not rest in time. The sandbox is to be
    ///   stopped then.
    func release(within seconds: Double) async -> PipeEnds? {
        let error = ExecError(.busy, "The server is shutting down.")
        Task.detached { [channel, child] in
            // What fails is seen by the time that passes.
            try? await channel.leave(error) { child.release() }
        }
        return await release.wait(seconds: seconds)
    }
}
