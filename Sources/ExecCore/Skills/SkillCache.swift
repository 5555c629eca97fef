import Threading

/// The result of scanning a skill's directory.
struct SeenSkill: Sendable {
    /// Its path on the host.
    let path: String
    /// The name of the skill's main file in it; empty if none.
    let fileName: String
    /// Changes when an entry is added to the directory or removed from it.
    let directoryStamp: FileStamp?
    /// Changes when the main file changes.
    let fileStamp: FileStamp?
    /// The skill; `nil` if it had to be left out.
    let skill: Skill?
    /// The problems that were found.
    let diagnostics: [SkillDiagnostic]

    /// Whether another scan would give the same result.
    var isUnchanged: Bool {
        FileStamp(at: path) == directoryStamp && FileStamp(at: "\(path)/\(fileName)") == fileStamp
    }

    /// Whether any further change would alter the stamps.
    var isSettled: Bool { [directoryStamp, fileStamp].allSatisfy { $0?.isSettled == true } }
}

/// Caches scanned skills, so that unchanged ones need not be read again: a list of many skills has many pages, and
/// each page looks at all of them.
public final class SkillCache: Sendable {
    /// Keyed by the bytes of their paths.
    private let seen = Locked<[[UInt8]: SeenSkill]>([:])

    /// Creates an empty cache.
    public init() {}

    /// The number of cached skills.
    var count: Int { seen.withLock { $0.count } }

    /// Returns the cached scan of the directory at `path`, if it is still valid.
    func skill(at path: String) -> SeenSkill? {
        guard let known = seen.withLock({ $0[Array(path.utf8)] }), known.isUnchanged else { return nil }
        return known
    }

    /// Replaces the contents of the cache with the result of the latest scan.
    func keep(_ found: [SeenSkill]) {
        let settled = found.filter(\.isSettled)
        seen.withLock { $0 = Dictionary(settled.map { (Array($0.path.utf8), $0) }) { first, _ in first } }
    }
}
