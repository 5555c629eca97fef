import ChildProcess
import Diagnostics
import SystemCalls
import Threading

/// Keeps sandboxes alive for a while after their server ends, for the next server of the same account, user and
/// options.
struct Lingering: Sendable {
    /// The files that a sandbox needs to linger. The owner of this value closes it.
    struct Place: Sendable {
        let directory: LingerDirectory
        let key: String
        /// When the sandbox was started, in milliseconds since 1970.
        let started: Int
        let mark: HoldMark
        let container: String

        /// Call when the sandbox has ended. Removes the mark.
        func close() {
            HoldMark.remove(of: container, in: directory)
            leave()
        }

        /// Call when another process has the sandbox. Keeps the mark.
        func leave() {
            _ = systemClose(mark.descriptor)
        }
    }

    /// A sandbox that was taken over from a holder.
    struct Taken: Sendable {
        let ends: PipeEnds
        let place: Place
    }

    /// How many sandboxes with background processes may linger for one user with one set of options. Servers that run
    /// side by side each have their own.
    private static let maxWithJobs = 4

    /// Minimum age of a socket, in seconds, before checking whether its holder was killed.
    private static let staleSeconds = 600

    /// How long a sandbox lingers, in seconds.
    let seconds: Int
    /// Lets code in the sandboxes call tools outside; `nil` for no bridge.
    let bridge: (any SandboxBridge)?
    let logger: Logger
    let observations: EngineObservations

    /// Resumes a lingering sandbox or starts a new one.
    ///
    /// - Throws: ``ExecError`` as ``Sandbox/start(_:engine:place:bridge:logger:observations:onArtifactsChanged:)`` does.
    func start(
        _ spec: SandboxSpec, engine: any ContainerEngine,
        onArtifactsChanged: @escaping @Sendable (ArtifactChange) -> Void
    ) async throws -> Sandbox {
        let key = LingerKey.key(of: spec, engine: engine)
        guard let directory = LingerDirectory.make() else {
            logger.warning("sandboxes cannot linger: no directory belongs to this account alone")
            return try await Sandbox.start(
                spec, engine: engine, bridge: bridge, logger: logger, observations: observations,
                onArtifactsChanged: onArtifactsChanged)
        }
        if let taken = await onThread({ acquire(key, in: directory) }),
            let sandbox = await Sandbox.resume(
                taken, as: spec, engine: engine, bridge: bridge, logger: logger, observations: observations,
                onArtifactsChanged: onArtifactsChanged)
        {
            return sandbox
        }
        try Task.checkCancellation()
        logger.info("starting sandbox \(spec.name)")
        await onThread { tidy(directory) }
        var spec = spec
        var place: Place?
        if let mark = HoldMark.make(for: spec.name, in: directory) {
            spec.isMarked = true
            place = Place(
                directory: directory, key: key, started: Self.now(), mark: mark, container: spec.name)
        }
        return try await Sandbox.start(
            spec, engine: engine, place: place, bridge: bridge, logger: logger, observations: observations,
            onArtifactsChanged: onArtifactsChanged)
    }

    /// Milliseconds since 1970, to tell apart two sandboxes that were started in the same second.
    private static func now() -> Int {
        var time = timeval()
        gettimeofday(&time, nil)
        return Int(time.tv_sec) * 1000 + Int(time.tv_usec) / 1000
    }

    /// Hands a sandbox over to a holder process, for the next server.
    ///
    /// - Returns: whether this server has nothing more to do with it. If not, the caller must stop the sandbox.
    func leave(_ sandbox: Sandbox, within timeout: Double) async -> Bool {
        guard let place = sandbox.place, !sandbox.hasEnded, let ends = await sandbox.release(within: timeout) else {
            return false
        }
        // The guest's last report was whether background processes are alive.
        let name = LingeringName(key: place.key, hasJobs: sandbox.hasJobs, started: place.started)
        await onThread { hold(ends, place, at: name) }
        return true
    }

    /// Starts a process that holds the pipes. If that isn't allowed or fails, the pipes are closed, which ends the
    /// sandbox.
    private func hold(_ ends: PipeEnds, _ place: Place, at name: LingeringName) {
        defer {
            ends.close()
            place.leave()
        }
        guard makeRoom(for: name, in: place.directory) else {
            return HoldMark.remove(of: place.container, in: place.directory)
        }
        guard let listener = LocalSocket.listening(in: place.directory, at: name.fileName) else {
            logger.warning("sandbox \(place.container) cannot linger: no socket in \(place.directory.path)")
            return HoldMark.remove(of: place.container, in: place.directory)
        }
        defer { listener.close() }
        do {
            try SandboxHolder.start(
                ends, mark: place.mark, listener: listener, at: name, in: place.directory, container: place.container,
                seconds: seconds)
            logger.info("sandbox \(place.container) lingers for \(seconds) seconds")
        } catch {
            logger.warning("sandbox \(place.container) cannot linger: \(error)")
            place.directory.remove(name.fileName)
            HoldMark.remove(of: place.container, in: place.directory)
        }
    }

    /// Takes over the best lingering sandbox.
    private func acquire(_ key: String, in directory: LingerDirectory) -> Taken? {
        for name in names(key, in: directory) {
            guard let socket = connect(to: name, in: directory) else { continue }
            defer { socket.close() }
            guard let (ends, mark, container) = SandboxHolder.acquire(from: socket) else { continue }
            let place = Place(
                directory: directory, key: key, started: name.started, mark: mark, container: container)
            return Taken(ends: ends, place: place)
        }
        return nil
    }

    /// Decides whether a sandbox may linger next to others with the same key. One with background processes may while
    /// there are few of those; of the others, only the best one stays.
    ///
    /// - Returns: whether this one may linger.
    private func makeRoom(for name: LingeringName, in directory: LingerDirectory) -> Bool {
        var (betterCount, jobCount) = (0, 0)
        for other in names(name.key, in: directory) {
            guard let socket = connect(to: other, in: directory) else { continue }
            defer { socket.close() }
            if name < other, !other.hasJobs {
                // Taken over and dropped.
                guard let (ends, mark, container) = SandboxHolder.acquire(from: socket) else { continue }
                ends.close()
                HoldMark.remove(of: container, in: directory)
                _ = systemClose(mark.descriptor)
            } else if SandboxHolder.answers(at: socket) {
                betterCount += 1
                jobCount += other.hasJobs ? 1 : 0
            }
        }
        return name.hasJobs ? jobCount < Self.maxWithJobs : betterCount == 0
    }

    /// The names with this key, best first.
    private func names(_ key: String, in directory: LingerDirectory) -> [LingeringName] {
        directory.names(beginningWith: key + "-").compactMap { LingeringName(fileName: $0) }
            .filter { $0.key == key }.sorted()
    }

    /// Removes what killed processes left behind.
    private func tidy(_ directory: LingerDirectory) {
        HoldMark.tidy(directory)
        for name in directory.names().compactMap({ LingeringName(fileName: $0) })
        where directory.age(of: name.fileName) >= Self.staleSeconds {
            connect(to: name, in: directory)?.close()
        }
    }

    /// Connects to a holder. Removes the socket of one that was killed.
    private func connect(to name: LingeringName, in directory: LingerDirectory) -> LocalSocket? {
        do throws(LocalSocket.ConnectionError) {
            return try LocalSocket.connected(to: directory.file(name.fileName))
        } catch {
            if error.isFinal { directory.remove(name.fileName) }
            return nil
        }
    }

    /// Runs blocking waits for other processes on a thread of their own.
    @discardableResult
    private func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value?) async -> Value? {
        try? await BackgroundThread.run("linger", body)
    }
}

private func systemClose(_ descriptor: Int32) -> Int32 {
    close(descriptor)
}
