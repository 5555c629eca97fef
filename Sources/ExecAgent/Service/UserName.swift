import Hashing

/// Whose sandbox a request is about: the name under which the tool servers know a user.
enum UserName {
    private static let longest = 63
    /// `/skills/artifacts` would be two things.
    private static let reserved: Set<String> = ["skills", "v1"]
    private static let hashMark = "hashed-"
    private static let hashLength = 48

    /// What stands for the tool server's own default user, in paths and as the name of its session.
    static let byDefault = "default"

    /// The name for a user as clients say it, which may be any text: an e-mail address, an id of another service.
    ///
    /// What the tool servers take for a name stays as it is, and anything else becomes a hash. Two texts that differ in
    /// a single byte are never one user, so that nothing is trimmed or put into one case, and what looks like a hash is
    /// hashed as well.
    static func of(_ text: String) -> String {
        isValid(text) ? text : hash(Array(text.utf8))
    }

    /// The name for a user of whom a program in between says something else than the client itself.
    static func of(_ text: String, via other: String) -> String {
        guard !text.utf8.elementsEqual(other.utf8) else { return of(text) }
        // No text has this byte: what two say is never what one could say.
        let mark: [UInt8] = [0xFF]
        return hash(mark + Array(text.utf8) + mark + Array(other.utf8))
    }

    /// What the tool servers are told: nothing of the default user.
    static func forServers(_ name: String) -> String? { name == byDefault ? nil : name }

    /// A short name for a text that need not be one: equal for equal texts alone.
    static func hash(_ bytes: [UInt8]) -> String {
        hashMark + SHA256.hexDigest(of: bytes).prefix(hashLength)
    }

    /// Whether the tool servers take it as it is: `[A-Za-z0-9][A-Za-z0-9_.-]{0,62}`.
    static func isValid(_ text: String) -> Bool {
        let isWord = text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || "_.-".utf8.contains($0)
        }
        guard isWord, (1...longest).contains(text.utf8.count), let first = text.utf8.first else { return false }
        return !"_.-".utf8.contains(first) && !reserved.contains(text) && !text.hasPrefix(hashMark)
    }
}
