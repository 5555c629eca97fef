import Threading

/// Collects the names of the artifacts that a run created or changed.
final class MadeArtifacts: Sendable {
    private let found = Locked(FileNames())

    var names: [String] { found.withLock { $0.all } }

    func note(_ event: AgentEvent) {
        guard case .toolEnded(let end) = event else { return }
        found.withLock { found in end.artifacts.forEach { found.add($0) } }
    }
}
