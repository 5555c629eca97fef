/// An artifact saved on this machine.
struct SavedArtifact: Sendable, Equatable {
    /// The agent's name for it.
    let name: String
    /// The path at which it was saved.
    let path: String
}

/// Copies artifacts from the sandbox to this machine.
struct ArtifactSaver: Sendable {
    let toolProvider: any ToolProvider
    let user: String?
    let directory: OutputDirectory

    /// Saves artifacts one after the other.
    ///
    /// - Parameters:
    ///   - deadline: when to leave the rest in the sandbox; `nil` for no limit.
    ///   - onFailure: receives a message for each artifact that cannot be saved, with the reason.
    func save(
        _ names: [String], by deadline: Deadline? = nil, onFailure: @Sendable (String) -> Void
    ) async throws -> [SavedArtifact] {
        var saved: [SavedArtifact] = []
        for name in names {
            do {
                let file = try await withDeadline(deadline) { [toolProvider, user] in
                    deadline?.isOver == true ? nil : try await toolProvider.artifact(named: name, of: user)
                }
                try Task.checkCancellation()
                guard let file = file ?? nil else {
                    onFailure("the artifact \(name) was not saved: the time limit was reached; it stays in the sandbox")
                    continue
                }
                let path = try await onBackgroundThread { [directory] in try directory.save(file.bytes, as: name) }
                saved.append(SavedArtifact(name: name, path: path))
            } catch let error as CancellationError {
                throw error
            } catch {
                onFailure("the artifact \(name) was not saved: \(error)")
            }
        }
        return saved
    }
}
