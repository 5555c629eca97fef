import Diagnostics

/// Starts sandboxes for the pool: one that waits for its next server if there is one, else a new one, after whatever it
/// needs has been brought about.
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
    /// - Throws: ``ExecError`` as ``Sandbox/start(_:engine:place:bridge:logger:observations:onArtifactsChanged:)`` does.
    func start(
        _ spec: SandboxSpec, engine: any ContainerEngine, isAhead: Bool,
        onArtifactsChanged: @escaping @Sendable (ArtifactChange) -> Void
    ) async throws -> Sandbox {
        let filler = VolumeFiller(engine: engine, logger: logger)
        return try await observations.events.starting(isAhead: isAhead) {
            try await accounts.start(spec, logger: logger) { spec in
                try await filler.start(spec) { spec in
                    guard let lingering else {
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
