import Hashing
package import JSON
import YAML

/// The files of a skill as one value: of a draft, or of an approved version. All of them are text, so that a person can
/// read everything that an approval covers.
package struct SkillContent: Sendable, Equatable {
    /// A file.
    package struct File: Sendable, Equatable {
        /// Its path relative to the skill's directory.
        package let path: String
        package let text: String

        package init(path: String, text: String) {
            self.path = path
            self.text = text
        }
    }

    /// Maximum number of files, of their bytes in total, of the levels of directories, and of the bytes of a path.
    package static let (maxFiles, maxBytes, maxDepth, maxPath) = (64, 1 << 20, 8, 200)

    /// The name of the skill, which is that of its directory.
    package let name: String
    /// The files, sorted by the bytes of their paths.
    package let files: [File]
    /// Each file with its size and digest, in the same order.
    package let entries: [SkillManifest.Entry]
    /// The SHA-256, in hexadecimal, over the paths, sizes and digests of all files.
    package let digest: String
    /// The front matter of `SKILL.md`.
    package let metadata: JSONObject

    /// Checks everything about the files that can be checked without running anything.
    ///
    /// - Throws: ``SkillStoreError`` with the rule that is broken.
    package init(name: String, files: [File]) throws(SkillStoreError) {
        if let defect = Self.nameDefect(name) { throw SkillStoreError(defect) }
        let sorted = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        if let defect = Self.defect(ofPaths: sorted.map(\.path)) { throw SkillStoreError(defect) }
        guard sorted.reduce(0, { $0 + $1.text.utf8.count }) <= Self.maxBytes else {
            throw SkillStoreError("its files have more than \(Self.maxBytes) bytes in total")
        }
        metadata = try Self.frontMatter(of: sorted, name: name)
        self.name = name
        self.files = sorted
        entries = sorted.map {
            SkillManifest.Entry(
                path: $0.path, size: $0.text.utf8.count, digest: SHA256.hexDigest(of: $0.text))
        }
        digest = Self.digest(of: entries)
    }

    /// The digest of files that are described by their entries, in any order.
    package static func digest(of entries: [SkillManifest.Entry]) -> String {
        let lines = entries.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
            .map { "\($0.path)\0\($0.size)\0\($0.digest)\n" }
        return SHA256.hexDigest(of: lines.joined())
    }

    /// Why a skill can't have this name; `nil` if it can.
    package static func nameDefect(_ name: String) -> String? {
        Skill.isFormatName(name)
            ? nil : "its name must be 1 to 64 lower-case letters, digits and single hyphens"
    }

    /// Why these can't be the paths of a skill's files; `nil` if they can. No two may name one file on a disk that
    /// ignores case.
    package static func defect(ofPaths paths: [String]) -> String? {
        guard paths.count <= maxFiles else { return "it has more than \(maxFiles) files" }
        guard paths.contains(where: { $0.utf8.elementsEqual(SkillFiles.mainFile.utf8) }) else {
            return "it has no \(SkillFiles.mainFile)"
        }
        var seen: Set<String> = []
        for path in paths {
            if let defect = defect(ofPath: path) { return defect }
            guard seen.insert(path.lowercased()).inserted else {
                return "two of its files differ in nothing but the case of their names"
            }
        }
        return nil
    }

    private static func defect(ofPath path: String) -> String? {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let isPlain = parts.allSatisfy { part in
            part.first.map { UserID.isAlphanumeric($0) || $0 == UInt8(ascii: "_") } == true
                && part.allSatisfy(UserID.isAllowed)
        }
        guard isPlain, parts.count <= maxDepth, path.utf8.count <= maxPath else {
            return """
                the names of its files must begin with a letter, digit or _ and have only these, -, . and /: at most \
                \(maxDepth) levels and \(maxPath) bytes
                """
        }
        return nil
    }

    private static func frontMatter(of files: [File], name: String) throws(SkillStoreError) -> JSONObject {
        let text = files.first { $0.path == SkillFiles.mainFile }?.text ?? ""
        let metadata: JSONObject
        do {
            metadata = try FrontMatter.parse(text).metadata
        } catch {
            throw SkillStoreError("\(SkillFiles.mainFile), line \(error.line): \(error.reason)")
        }
        guard let description = metadata["description"]?.stringValue, description.contains(where: { !$0.isWhitespace })
        else { throw SkillStoreError("\(SkillFiles.mainFile) has no description in its front matter") }
        guard metadata["name"]?.stringValue == name else {
            throw SkillStoreError("the name in the front matter of \(SkillFiles.mainFile) must be \(name)")
        }
        let skill = Skill(
            name: name, description: description, directoryName: name, fileName: SkillFiles.mainFile,
            hostDirectory: "", metadata: metadata)
        if let defect = skill.formatDefect { throw SkillStoreError("\(SkillFiles.mainFile): \(defect)") }
        return metadata
    }
}

/// Why a skill can't be approved, stored or found: a clause or sentence for people.
package struct SkillStoreError: Error, Sendable, Equatable, CustomStringConvertible {
    package let message: String

    package init(_ message: String) {
        self.message = message
    }

    package var description: String { message }
}
