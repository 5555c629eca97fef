import ExecCore

/// The URIs of what can be read: `skill://NAME/PATH` and `artifact:///NAME`, percent-encoded.
enum ResourceURI: Hashable, Sendable {
    /// A file of a skill, or one of its directories; the path is empty for the skill's own directory.
    case skill(name: String, path: [String])
    case artifact(name: String)

    private static let skillScheme = "skill://"
    private static let artifactScheme = "artifact:///"
    private static let maximumLength = 8192

    /// - Returns: `nil` for a URI that no resource of ours can have.
    init?(_ text: String) {
        guard text.utf8.count <= Self.maximumLength else { return nil }
        if text.hasPrefix(Self.artifactScheme) {
            guard let name = PercentEncoding.decode(text.dropFirst(Self.artifactScheme.count)), Self.isSegment(name)
            else { return nil }
            self = .artifact(name: name)
        } else if text.hasPrefix(Self.skillScheme) {
            let encoded = text.dropFirst(Self.skillScheme.count).split(
                separator: "/", omittingEmptySubsequences: false)
            let segments = encoded.compactMap { PercentEncoding.decode($0) }
            guard segments.count == encoded.count, let name = segments.first, segments.allSatisfy(Self.isSegment)
            else { return nil }
            self = .skill(name: name, path: Array(segments.dropFirst()))
        } else {
            return nil
        }
    }

    /// The URI itself.
    var text: String {
        switch self {
        case .skill(let name, let path):
            Self.skillScheme + ([name] + path).map { PercentEncoding.encode($0) }.joined(separator: "/")
        case .artifact(let name):
            Self.artifactScheme + PercentEncoding.encode(name)
        }
    }

    /// Whether `text` asks for an artifact, be it in a form that none can have.
    static func isOfArtifact(_ text: String) -> Bool { text.hasPrefix("artifact:") }

    /// Whether it is the file that makes a directory a skill.
    var isSkillsOwnFile: Bool {
        if case .skill(_, [SkillFiles.mainFile]) = self { true } else { false }
    }

    /// The URI of the file at `path` of a skill.
    static func skillFile(_ path: String, of skill: String) -> ResourceURI {
        .skill(name: skill, path: path.split(separator: "/").map(String.init))
    }

    /// Hidden names are none of ours, and with them `.` and `..` are out.
    private static func isSegment(_ text: String) -> Bool {
        !text.isEmpty && !text.hasPrefix(".") && !text.contains("/") && !text.utf8.contains(0)
    }
}
