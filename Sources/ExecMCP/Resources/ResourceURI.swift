import ExecCore
import MCP
import SystemCalls

/// The URIs of resources: `skill://NAME/PATH` and `artifact:///NAME`, percent-encoded.
enum ResourceURI: Hashable, Sendable {
    /// A file of a skill, or one of its directories; the path is empty for the skill's own directory.
    case skill(name: String, path: [String])
    case artifact(name: String)

    private static let maxLength = 8192

    /// - Returns: `nil` for a URI that can't name a resource of this server.
    init?(_ text: String) {
        guard text.utf8.count <= Self.maxLength else { return nil }
        // Compares bytes: in a string of characters, a slash followed by a combining mark isn't a slash.
        let utf8 = text.utf8
        if utf8.starts(with: ResourcePrefix.artifact.utf8) {
            let encoded = Substring(utf8.dropFirst(ResourcePrefix.artifact.utf8.count))
            guard let name = PercentEncoding.decode(path: encoded), Self.isSegment(name) else { return nil }
            self = .artifact(name: name)
        } else if utf8.starts(with: ResourcePrefix.skill.utf8) {
            let encoded = utf8.dropFirst(ResourcePrefix.skill.utf8.count)
                .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            let segments = encoded.compactMap { PercentEncoding.decode(path: Substring($0)) }
            guard segments.count == encoded.count, let name = segments.first, segments.allSatisfy(Self.isSegment)
            else { return nil }
            self = .skill(name: name, path: Array(segments.dropFirst()))
        } else {
            return nil
        }
    }

    /// The URI as text.
    var text: String {
        switch self {
        case .skill(let name, let path):
            ResourcePrefix.skill + ([name] + path).map { PercentEncoding.encode($0) }.joined(separator: "/")
        case .artifact(let name):
            ResourcePrefix.artifact + PercentEncoding.encode(name)
        }
    }

    /// Compares the encoded form, and therefore the bytes of the names.
    static func == (left: ResourceURI, right: ResourceURI) -> Bool { left.text == right.text }

    func hash(into hasher: inout Hasher) { text.hash(into: &hasher) }

    /// Whether `text` refers to an artifact, even if the URI is invalid.
    static func isOfArtifact(_ text: String) -> Bool { text.hasPrefix("artifact:") }

    /// Whether it is the main file, which makes a directory a skill.
    var isSkillsOwnFile: Bool {
        if case .skill(_, [SkillFiles.mainFile]) = self { true } else { false }
    }

    /// Returns the URI of the file at `path` in a skill.
    static func skillFile(_ path: String, of skill: String) -> ResourceURI {
        .skill(name: skill, path: path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) })
    }

    /// Rejects hidden names, which include `.` and `..`.
    private static func isSegment(_ text: String) -> Bool {
        guard let first = text.utf8.first, first != UInt8(ascii: ".") else { return false }
        return !text.utf8.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
    }
}
