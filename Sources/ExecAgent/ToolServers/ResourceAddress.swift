import MCP
import SystemCalls

/// The URIs of what servers like exec-mcp hand out: `artifact:///NAME` and `skill://NAME/SKILL.md`, percent-encoded
/// (RFC 3986, section 2.1).
enum ResourceAddress {
    private static let artifactScheme = ResourcePrefix.artifact
    private static let skillScheme = ResourcePrefix.skill
    private static let skillFile = "SKILL.md"

    /// The URI of the artifact called `name`.
    static func artifact(_ name: String) -> String { artifactScheme + PercentEncoding.encode(name) }

    /// The URI of the own file of the skill called `name`.
    static func skill(_ name: String) -> String { "\(skillScheme)\(PercentEncoding.encode(name))/\(skillFile)" }

    /// The name of the artifact that a URI means; `nil` where it means none.
    static func artifactName(_ uri: String) -> String? {
        guard uri.utf8.starts(with: artifactScheme.utf8) else { return nil }
        return decoded(uri.utf8.dropFirst(artifactScheme.utf8.count))
    }

    /// The name of the skill whose own file a URI means; `nil` where it means none.
    static func skillName(_ uri: String) -> String? {
        guard uri.utf8.starts(with: skillScheme.utf8) else { return nil }
        let parts = uri.utf8.dropFirst(skillScheme.utf8.count)
            .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, decoded(parts[1]) == skillFile else { return nil }
        return decoded(parts[0])
    }

    /// - Returns: `nil` for what is no name: nothing, or more than one part of a path.
    private static func decoded(_ text: some Sequence<UInt8>) -> String? {
        guard let bytes = PercentEncoding.decode(text) else { return nil }
        guard !bytes.isEmpty, !bytes.contains(UInt8(ascii: "/")), !bytes.contains(0) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}
