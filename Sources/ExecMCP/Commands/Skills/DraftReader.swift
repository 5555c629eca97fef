import Diagnostics
import EmbeddedFiles
import ExecCore
import JSON

/// Reads drafts of skills where they are: in a user's workspace, through a sandbox of its own. It has neither network nor
/// tools, runs nothing but the reader, and writes nothing.
struct DraftReader: Sendable {
    /// Drafts in a workspace.
    struct Listing: Sendable {
        let drafts: [SkillDraft]
        /// Whether there are more than were listed.
        let isPartial: Bool
    }

    private static let seconds = 120.0
    /// The texts of one draft with every character escaped.
    private static let outputLimit = 8 << 20

    private let pool: SandboxPool
    private let user: UserID

    /// - Throws: ``SkillStoreError`` for a workspace that keeps no drafts.
    init(
        _ options: Options, locateEngine: @escaping @Sendable () throws(ExecError) -> any ContainerEngine
    ) throws(SkillStoreError) {
        guard options.configuration.keepsWorkspace else {
            throw SkillStoreError("a workspace in memory keeps no drafts: --workspace must not be ephemeral")
        }
        user = options.user
        var configuration = options.configuration
        configuration.network = "none"
        configuration.allowedHosts = []
        configuration.toolsDirectory = nil
        configuration.skillsDirectories = []
        configuration.skillStore = nil
        // A full workspace can still be looked at.
        configuration.workspaceLimit = ByteCount(bytes: 1 << 50)
        var limits = Limits()
        limits.output = Self.outputLimit
        pool = SandboxPool(
            configuration: configuration, limits: limits, logger: Logger(program: "exec-mcp", level: .error),
            locateEngine: locateEngine)
    }

    /// Lists the drafts without their texts.
    func drafts() async throws -> Listing { try await read(nil) }

    /// Returns a draft with its texts.
    ///
    /// - Throws: ``SkillStoreError`` if there is none of this name.
    func draft(named name: String) async throws -> SkillDraft {
        if let defect = SkillContent.nameDefect(name) {
            throw SkillStoreError("no skill can have this name: \(defect)")
        }
        guard let draft = try await read(name).drafts.first else {
            throw SkillStoreError("\(user) has no draft \(name); exec-mcp skills drafts lists them")
        }
        return draft
    }

    /// Ends the sandbox.
    func close() async {
        await pool.close(grace: 3)
    }

    private func read(_ name: String?) async throws -> Listing {
        let limits: JSON = [
            "files": .integer(SkillContent.maxFiles), "bytes": .integer(SkillContent.maxBytes),
            "depth": .integer(SkillContent.maxDepth), "path": .integer(SkillContent.maxPath),
        ]
        let program = EmbeddedFiles.commandPrograms["drafts.py"]
        let result = try await pool.withSandbox(of: user) { sandbox in
            _ = try await sandbox.write(program, to: "/tmp/exec-mcp-drafts.py")
            // Isolated: packages in the workspace are not on its path.
            return try await sandbox.execute(
                "exec python3 -I -S /tmp/exec-mcp-drafts.py '\(limits.text)' \(name ?? "")", timeout: Self.seconds)
        }
        guard result.exitCode == 0, !result.isTruncated, let answer = try? JSON.parse(result.standardOutput),
            let found = answer["drafts"]?.arrayValue
        else {
            let said = result.standardError.singleLine(limit: 500)
            throw SkillStoreError("the drafts could not be read\(said.isEmpty ? "" : ": \(said)")")
        }
        if let problem = answer["problem"]?.stringValue { throw SkillStoreError(problem) }
        return Listing(drafts: found.compactMap(SkillDraft.init), isPartial: answer["more"] == true)
    }
}
