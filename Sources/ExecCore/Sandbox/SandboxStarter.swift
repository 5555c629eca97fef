import Diagnostics

/// Starts sandboxes for the pool: resumes one that another server left, or starts a new one. An engine elsewhere gets the
/// sandbox's files first.
struct SandboxStarter: Sendable {
    let bridge: (any SandboxBridge)?
    let logger: Logger
    let observations: EngineObservations
    /// `nil` if no sandbox outlives its server.
    let lingering: Lingering?
    let accounts = Accounts()

    /// - Parameters:
    ///   - isAhead: whether it is started before its user's first call.
    ///   - onArtifactsChanged: receives changes of the sandbox's artifacts.
    /// - Throws: what ``Sandbox/start(_:engine:place:bridge:logger:observations:onArtifactsChanged:)`` throws.
    func start(
        _ spec: SandboxSpec, engine: any ContainerEngine, isAhead: Bool,
        onArtifactsChanged: @escaping @Sendable (ArtifactChange) -> Void
    ) async throws -> Sandbox {
        let filler = VolumeFiller(engine: engine, logger: logger)
        return try await observations.events.starting(isAhead: isAhead) {
            var whole = spec
            // Not in the pool, whose other users would wait while files are read.
            if engine.fileTransport == .volumes { try whole.carryFiles() }
            return try await accounts.start(whole, logger: logger) { spec in
                try await filler.start(spec) { spec in
                    // The next server would not have the key.
                    guard let lingering, !spec.configuration.isSealed(with: engine) else {
                        logger.info("starting sandbox \(spec.name)")
                        return try await Sandbox.start(
                            spec, engine: engine, bridge: bridge, logger: logger, observations: observations,
                            onArtifactsChanged: onArtifactsChanged)
                    }
                    return try await lingering.start(spec, engine: engine, onArtifactsChanged: onArtifactsChanged)
                }
            }
        }
    }
}
