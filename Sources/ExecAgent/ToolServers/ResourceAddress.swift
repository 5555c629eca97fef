/// The URIs of what servers like exec-mcp hand out: `artifact:///NAME` and `skill://NAME/SKILL.md`, percent-encoded
/// (RFC 3986, section 2.1).
enum ResourceAddress {
    private static let artifactScheme = "artifact:///"
    private static let skillScheme = "skill://"
    private static let skillFile = "SKILL.md"
    private static let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)

    /// The URI of the artifact called `name`.
    static func artifact(_ name: String) -> String { artifactScheme + encoded(name) }

    /// The URI of the own file of the skill called `name`.
    static func skill(_ name: String) -> String { "\(skillScheme)\(encoded(name))/\(skillFile)" }

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

    private static func encoded(_ text: String) -> String {
        text.utf8.reduce(into: "") { encoded, byte in
            if unreserved.contains(byte) {
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
    }

    /// - Returns: `nil` for what is no name: nothing, or more than one part of a path.
    private static func decoded(_ text: some Sequence<UInt8>) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard !bytes.isEmpty, !bytes.contains(UInt8(ascii: "/")), !bytes.contains(0) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}
