import MCP
import SystemCalls

/// The resource URIs of servers like exec-mcp: `artifact:///NAME` and `skill://NAME/SKILL.md`, percent-encoded (RFC
/// 3986, section 2.1).
enum ResourceAddress {
    private static let artifactScheme = ResourcePrefix.artifact
    private static let skillScheme = ResourcePrefix.skill
    private static let skillFile = "SKILL.md"

    /// Returns the URI of the artifact called `name`.
    static func artifact(_ name: String) -> String { artifactScheme + PercentEncoding.encode(name) }

    /// Returns the URI of the `SKILL.md` of the skill called `name`.
    static func skill(_ name: String) -> String { "\(skillScheme)\(PercentEncoding.encode(name))/\(skillFile)" }

    /// Returns the name of the artifact at a URI; `nil` if it isn't an artifact's URI.
    static func artifactName(_ uri: String) -> String? {
        guard uri.utf8.starts(with: artifactScheme.utf8) else { return nil }
        return decoded(uri.utf8.dropFirst(artifactScheme.utf8.count))
    }

    /// Returns the name of the skill whose `SKILL.md` is at a URI; `nil` if it isn't such a URI.
    static func skillName(_ uri: String) -> String? {
        guard uri.utf8.starts(with: skillScheme.utf8) else { return nil }
        let parts = uri.utf8.dropFirst(skillScheme.utf8.count)
            .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, decoded(parts[1]) == skillFile else { return nil }
        return decoded(parts[0])
    }

    /// - Returns: `nil` if the text isn't a valid name: empty, or more than one path component.
    private static func decoded(_ text: some Sequence<UInt8>) -> String? {
        guard let bytes = PercentEncoding.decode(text) else { return nil }
        guard !bytes.isEmpty, !bytes.contains(UInt8(ascii: "/")), !bytes.contains(0) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}
