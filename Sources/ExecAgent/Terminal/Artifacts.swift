/// An artifact on this machine.
struct SavedArtifact: Sendable, Equatable {
    /// Its name for the agent.
    let name: String
    /// Where it was saved.
    let path: String
}

/// Takes artifacts out of the sandbox.
struct ArtifactSaver: Sendable {
    let toolBox: any ToolProvider
    let user: String?
    let directory: OutputDirectory

    /// Saves artifacts one after the other.
    ///
    /// - Parameters:
    ///   - deadline: when to leave the rest where it is; `nil` for no limit.
    ///   - onFailure: told what could not be saved, with the reason.
    func save(
        _ names: [String], by deadline: Deadline? = nil, onFailure: @Sendable (String) -> Void
    ) async throws -> [SavedArtifact] {
        var saved: [SavedArtifact] = []
        for name in names {
            do {
                let file = try await withDeadline(deadline) { [toolBox, user] in
                    deadline?.isOver == true ? nil : try await toolBox.artifact(named: name, of: user)
                }
                try Task.checkCancellation()
                guard let file = file ?? nil else {
                    onFailure("the artifact \(name) is not saved: the time was up; it is left in the sandbox")
                    continue
                }
                let path = try await onBackgroundThread { [directory] in try directory.save(file.bytes, as: name) }
                saved.append(SavedArtifact(name: name, path: path))
            } catch let error as CancellationError {
                throw error
            } catch {
                onFailure("the artifact \(name) is not saved: \(error)")
            }
        }
        return saved
    }
}
