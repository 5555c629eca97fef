import Hashing

/// Maps clients' user ids to the names under which the tool servers know users, and so to sandboxes.
enum UserName {
    private static let maxLength = 63
    /// `/skills/artifacts` would be ambiguous.
    private static let reserved: Set<String> = ["skills", "ui", "v1"]
    private static let hashMark = "hashed-"
    private static let hashLength = 48

    /// Stands for the tool server's default user in paths and as a session name.
    static let byDefault = "default"

    /// Returns the name for a user id from a client, which may be any text: an e-mail address, an id of another
    /// service.
    ///
    /// A valid name is kept; anything else becomes a hash. Two texts that differ in a single byte are never the same
    /// user. So nothing is trimmed or case-folded, and what looks like a hash is hashed as well.
    static func of(_ text: String) -> String {
        isValid(text) ? text : hash(Array(text.utf8))
    }

    /// Returns the name for a user if an intermediary names a different user than the client itself.
    static func of(_ text: String, via other: String) -> String {
        guard !text.utf8.elementsEqual(other.utf8) else { return of(text) }
        // UTF-8 never contains this byte, so the hash of a pair never equals that of a single text.
        let mark: [UInt8] = [0xFF]
        return hash(mark + Array(text.utf8) + mark + Array(other.utf8))
    }

    /// Returns the name for the tool servers; `nil` for the default user.
    static func forServers(_ name: String) -> String? { name == byDefault ? nil : name }

    /// Returns a short name for any text; in practice, only equal texts give equal names.
    static func hash(_ bytes: [UInt8]) -> String {
        hashMark + SHA256.hexDigest(of: bytes).prefix(hashLength)
    }

    /// Whether the tool servers accept it unchanged: `[A-Za-z0-9][A-Za-z0-9_.-]{0,62}`.
    static func isValid(_ text: String) -> Bool {
        let isWord = text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || "_.-".utf8.contains($0)
        }
        guard isWord, (1...maxLength).contains(text.utf8.count), let first = text.utf8.first else { return false }
        return !"_.-".utf8.contains(first) && !reserved.contains(text) && !text.hasPrefix(hashMark)
    }
}
