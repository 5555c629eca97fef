import Hashing
import JSON
import SystemCalls
import Threading

/// A skill as a host receives it: all of its files with their digests.
public struct SkillManifest: Sendable, Equatable {
    /// One file.
    public struct Entry: Sendable, Equatable {
        /// Its path relative to the skill's directory.
        public let path: String
        /// Its size in bytes.
        public let size: Int
        /// `sha256:` and 64 hexadecimal digits.
        public let digest: String

        /// Creates an entry.
        public init(path: String, size: Int, digest: String) {
            self.path = path
            self.size = size
            self.digest = digest
        }
    }

    /// Every file of the skill, sorted by path.
    public let entries: [Entry]
}

/// Creates manifests and caches the digests of unchanged files.
public final class SkillManifests: Sendable {
    /// Maximum number of cached digests. The cache is emptied when it is full.
    private static let maxDigests = 100_000

    private let digests = Locked<[FileStamp: String]>([:])

    /// Creates a generator with an empty cache.
    public init() {}

    /// Returns the manifest of `skill` in its current state.
    ///
    /// - Throws: ``ExecError`` with the code ``ExecError/Code/refused`` and the rule of the Agent Skills format or of
    ///   the skills extension that the skill violates.
    public func manifest(of skill: Skill) throws(ExecError) -> SkillManifest {
        if let defect = skill.formatDefect { throw refusal(skill, defect) }
        let files = skill.files()
        if let defect = files.defect { throw refusal(skill, defect) }
        var entries: [SkillManifest.Entry] = []
        for file in files.files {
            guard let (size, digest) = self.digest(of: file, in: skill) else {
                throw refusal(skill, "\(file.path) cannot be read")
            }
            entries.append(SkillManifest.Entry(path: file.path, size: size, digest: "sha256:" + digest))
        }
        return SkillManifest(entries: entries)
    }

    private func digest(of file: SkillFile, in skill: Skill) -> (Int, String)? {
        if let known = digests.withLock({ $0[file.stamp] }) { return (file.size, known) }
        guard let bytes = Files.read(skill.hostPath(of: file), limit: SkillFiles.maxBytes) else { return nil }
        let digest = SHA256.hexDigest(of: bytes)
        // Not cached if the file changed while it was read, or if it is so new that another change might not alter its
        // stamp, because file-system clocks are coarse.
        if bytes.count == file.size, file.stamp.isSettled {
            digests.withLock { digests in
                if digests.count >= Self.maxDigests { digests = [:] }
                digests[file.stamp] = digest
            }
        }
        return (bytes.count, digest)
    }

    private func refusal(_ skill: Skill, _ reason: String) -> ExecError {
        ExecError(.refused, "\(skill.hostDirectory) is not offered over MCP: \(reason)")
    }
}

extension Skill {
    private static let maxName = 64
    private static let maxDescription = 1024
    private static let maxCompatibility = 500

    /// The rule of the Agent Skills format that the front matter violates; `nil` if it is valid. An agent in the
    /// sandbox can use such a skill anyway, but a host that receives skills over MCP may reject the whole list because
    /// of it.
    public var formatDefect: String? {
        guard let name = metadata["name"]?.stringValue, Self.isFormatName(name) else {
            return "name must be 1 to \(Self.maxName) lower-case letters, digits and single hyphens"
        }
        guard description.unicodeScalars.count <= Self.maxDescription else {
            return "description has more than \(Self.maxDescription) characters"
        }
        for field in ["license", "allowed-tools", "compatibility"] {
            if let value = metadata[field], value.stringValue == nil {
                return "\(field) must be text, not \(value.kindDescription)"
            }
        }
        if let compatibility = metadata["compatibility"]?.stringValue,
            !(1...Self.maxCompatibility).contains(compatibility.unicodeScalars.count)
        {
            return "compatibility must have 1 to \(Self.maxCompatibility) characters"
        }
        if let value = metadata["metadata"] {
            guard let pairs = value.objectValue else { return "metadata must be a map, not \(value.kindDescription)" }
            if let pair = pairs.first(where: { $0.value.stringValue == nil }) {
                return "metadata.\(pair.key.prefix(64)) must be text in quotes, not \(pair.value.kindDescription)"
            }
        }
        return metadata.contains { !Self.isFinite($0.value) }
            ? "a number in the front matter cannot be represented in JSON" : nil
    }

    /// JSON has no infinity and no NaN, and the front matter must arrive as it was written.
    private static func isFinite(_ value: JSON) -> Bool {
        switch value {
        case .double(let number): number.isFinite
        case .array(let elements): elements.allSatisfy(isFinite)
        case .object(let members): members.allSatisfy { isFinite($0.value) }
        case .null, .bool, .integer, .string, .verbatim: true
        }
    }

    static func isFormatName(_ name: String) -> Bool {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        return name.utf8.count <= maxName
            && parts.allSatisfy { part in
                !part.isEmpty && part.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber) }
            }
    }
}
