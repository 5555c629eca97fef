import ExecCore
import JSON

/// A draft of a skill as it was found in a user's workspace.
struct SkillDraft: Sendable, Equatable {
    /// Its name. It may be any text if there are ``problems``.
    let name: String
    /// The user in whose workspace it is.
    var author = ""
    /// Its files with their digests; incomplete if there are ``problems``.
    let entries: [SkillManifest.Entry]
    /// The texts of the files, if they were asked for.
    let files: [SkillContent.File]
    /// Why it can't be a skill.
    let problems: [String]
    /// Hidden files and caches, which are not part of it.
    let ignored: [String]
    /// When its files and directories were changed, in seconds since 1970, by the clock of the machine that runs the
    /// sandboxes.
    let changed: ClosedRange<Int>

    /// The digest of its files.
    var digest: String { SkillContent.digest(of: entries) }

    /// Its checked content.
    ///
    /// - Throws: ``SkillStoreError`` with the first reason why it can't be a skill.
    func content() throws(SkillStoreError) -> SkillContent {
        if let problem = problems.first { throw SkillStoreError(problem) }
        return try SkillContent(name: name, files: files)
    }

    /// Reads an element of what `drafts.py` prints.
    init?(_ value: JSON) {
        guard let name = value["name"]?.stringValue, let files = value["files"]?.arrayValue,
            let times = value["changed"]?.arrayValue?.compactMap(\.integerValue), times.count == 2, times[0] <= times[1]
        else { return nil }
        var (entries, texts): ([SkillManifest.Entry], [SkillContent.File]) = ([], [])
        for file in files.prefix(SkillContent.maxFiles) {
            guard let path = file["path"]?.stringValue, let size = file["size"]?.integerValue,
                let digest = file["sha256"]?.stringValue
            else { return nil }
            entries.append(SkillManifest.Entry(path: path, size: size, digest: digest))
            if let text = file["text"]?.stringValue { texts.append(SkillContent.File(path: path, text: text)) }
        }
        self.name = name
        self.entries = entries
        self.files = texts
        problems = value["problems"]?.arrayValue?.compactMap(\.stringValue) ?? []
        ignored = value["ignored"]?.arrayValue?.compactMap(\.stringValue) ?? []
        changed = times[0]...times[1]
    }
}
