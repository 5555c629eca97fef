import Threading

/// A directory of a skill as it was found.
struct SeenSkill: Sendable {
    /// Its path on the host.
    let path: String
    /// The name of the skill's file in it; empty where there is none.
    let fileName: String
    /// What changes when a file comes into the directory or goes.
    let directoryStamp: FileStamp?
    /// What changes when the skill's file does.
    let fileStamp: FileStamp?
    /// The skill; `nil` where it had to be left out.
    let skill: Skill?
    /// What was odd about it.
    let diagnostics: [SkillDiagnostic]

    /// Whether it would be found just so again.
    var isUnchanged: Bool {
        FileStamp(at: path) == directoryStamp && FileStamp(at: "\(path)/\(fileName)") == fileStamp
    }

    /// Whether any change from now on would show.
    var isSettled: Bool { [directoryStamp, fileStamp].allSatisfy { $0?.isSettled == true } }
}

/// Remembers the skills that were found, so that those that have not changed since need not be read again: a list of many
/// skills has many pages, and for each of them all skills are looked at.
public final class SkillCache: Sendable {
    /// By the bytes of their paths.
    private let seen = Locked<[[UInt8]: SeenSkill]>([:])

    /// A memory without anything in it.
    public init() {}

    /// How many skills are remembered.
    var count: Int { seen.withLock { $0.count } }

    /// What was found in the directory at `path`, if it is so still.
    func skill(at path: String) -> SeenSkill? {
        guard let known = seen.withLock({ $0[Array(path.utf8)] }), known.isUnchanged else { return nil }
        return known
    }

    /// Remembers what was found just now, and forgets everything else.
    func keep(_ found: [SeenSkill]) {
        let settled = found.filter(\.isSettled)
        seen.withLock { $0 = Dictionary(settled.map { (Array($0.path.utf8), $0) }) { first, _ in first } }
    }
}
