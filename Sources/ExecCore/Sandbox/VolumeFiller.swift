import ChildProcess
import Diagnostics
import JSON
import SystemCalls
import Threading

/// Volumes of an engine elsewhere don't hold the files that a sandbox is to have.
struct MissingFilesError: Error {
    let files: [CarriedFiles]

    /// Checks what the guest has found.
    ///
    /// - Throws: ``MissingFilesError``.
    static func check(_ handshake: JSON, of spec: SandboxSpec) throws(MissingFilesError) {
        let found = handshake[HandshakeName.files]?.arrayValue?.compactMap(\.stringValue) ?? []
        let missing = spec.carriedFiles.filter { !found.contains($0.digest) }
        if !missing.isEmpty { throw MissingFilesError(files: missing) }
    }
}

/// Fills volumes with the files of sandboxes whose engine is elsewhere, and removes old volumes.
struct VolumeFiller: Sendable {
    /// Timeout of filling one volume, in seconds.
    private static let timeout = 300.0
    /// Minimum age in seconds of a volume that is removed when no container uses it. Another server may have filled a
    /// younger one and be about to use it.
    static let minAge = 86_400
    /// What `unpack.py` prints when all is done.
    private static let success = Array("filled\n".utf8)

    let engine: any ContainerEngine
    let logger: Logger

    /// Starts a sandbox. If its files are not there yet, fills their volumes and starts it once more.
    ///
    /// - Parameter body: starts the container described by its argument.
    /// - Throws: what `body` throws, and ``ExecError`` if the files cannot be carried.
    func start(_ spec: SandboxSpec, _ body: (SandboxSpec) async throws -> Sandbox) async throws -> Sandbox {
        do {
            return try await body(spec)
        } catch let error as MissingFilesError {
            for files in error.files {
                logger.info("carrying the files of \(files.target) to the engine")
                try await fill(files, for: spec)
            }
            Task.detached { await removeOldVolumes(except: spec.carriedFiles.map(\.volume)) }
        }
        do {
            return try await body(spec.again())
        } catch is MissingFilesError {
            throw ExecError(
                .engineFailed,
                """
                The files for the sandbox were carried to the engine, but are not in the sandbox. Does the engine use \
                more than one machine, or another for each container?
                """)
        }
    }

    private func fill(_ files: CarriedFiles, for spec: SandboxSpec) async throws {
        let child = try await engine.start(spec.filler(of: files))
        let printed = Locked<[UInt8]>([])
        let ended = AsyncEvent()
        let end = Locked<ChildProcess.End?>(nil)
        try child.read { bytes in
            printed.withLock { if $0.count < 4096 { $0 += bytes } }
        } onEnd: { result in
            end.withLock { $0 = result }
            ended.complete()
        }
        // Not awaited: the timeout includes it. A container that has failed doesn't read, and says why at its end.
        Task.detached {
            try? await child.input.write(GuestProgram.unpacker(of: files, into: SandboxSpec.fillerDirectory))
            child.input.close()
        }
        let isInTime = await withTaskCancellationHandler {
            await ended.wait(seconds: Self.timeout)
        } onCancel: {
            child.signal(SIGKILL)
        }
        if !isInTime { child.signal(SIGKILL) }
        try Task.checkCancellation()
        let output = printed.withLock { $0 }
        guard output != Self.success else { return }
        guard let end = end.withLock({ $0 }) else {
            throw ExecError(
                .engineFailed,
                "The files of \(files.target) could not be carried to the engine within \(Int(Self.timeout)) seconds.")
        }
        throw engine.explain(end, of: spec.configuration, printed: output).startError
    }

    private func removeOldVolumes(except current: [String]) async {
        let now = time(nil)
        let old = await engine.volumes(withPrefix: CarriedFiles.volumePrefix).filter { volume in
            !current.contains(volume.name) && volume.created.map { now - $0 > Self.minAge } == true
        }
        // The engine refuses to remove those in use.
        await engine.remove(volumes: old.map(\.name))
    }
}
