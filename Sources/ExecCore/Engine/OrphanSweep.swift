import Diagnostics

/// Removes containers that one of our servers left behind, in case an engine has kept one.
struct OrphanSweep: Sendable {
    let engine: any ContainerEngine
    let owner: Owner
    let logger: Logger

    /// Checks once and removes the containers of dead owners. Failures are only logged: a sweep never gets in a call's
    /// way.
    func run() async {
        do {
            let candidates = try await Self.candidates(of: engine, within: EngineTimeout.sweep)
            let orphans = Self.orphans(among: candidates, seenBy: owner)
            guard !orphans.isEmpty else { return }
            let outcome = try await engine.remove(orphans, within: EngineTimeout.sweep)
            logger.info("removed \(orphans.count.counted("container")) whose server is gone: \(outcome)")
        } catch {
            logger.debug("cannot look for leftover containers: \(error)")
        }
    }

    /// Our containers, with the labels that identify their owners.
    static func candidates(
        of engine: any ContainerEngine, within seconds: Double
    ) async throws(ExecError) -> [LabelledContainer] {
        try await engine.containers(
            labelled: EngineLabel(name: Owner.markLabel, value: nil), including: Owner.labelNames + [Owner.lingerLabel],
            within: seconds)
    }

    /// The ids of containers whose owner is dead and that no process holds.
    static func orphans(
        among candidates: [LabelledContainer], seenBy observer: Owner,
        marksIn directories: @autoclosure () -> [LingerDirectory] = LingerDirectory.existing()
    ) -> [String] {
        candidates.compactMap { container in
            guard let linger = container.values.last, let owner = Owner(labelValues: container.values.dropLast()),
                owner.isDead(seenBy: observer), HoldMark.isOrphan(labelValue: linger, in: directories())
            else { return nil }
            return container.id
        }
    }
}
