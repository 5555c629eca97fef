/// Whose sandbox a request is about.
enum UserName {
    private static let longest = 63
    /// `/skills/artifacts` would be two things.
    private static let reserved: Set<String> = ["skills", "v1"]

    /// What stands for the tool server's own default user, in paths and as the name of its session.
    static let byDefault = "default"

    /// Whether it may be a user's name: `[A-Za-z0-9][A-Za-z0-9_.-]{0,62}`.
    static func isValid(_ name: String) -> Bool {
        let isWord = name.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || "_.-".utf8.contains($0)
        }
        guard isWord, (1...longest).contains(name.utf8.count), let first = name.utf8.first else { return false }
        return !"_.-".utf8.contains(first) && !reserved.contains(name)
    }

    /// - Parameter name: as a client says it.
    /// - Throws: ``ServiceFailure``.
    static func check(_ name: String?) throws(ServiceFailure) -> String {
        guard let name else { return byDefault }
        guard isValid(name) else {
            throw ServiceFailure(
                400,
                "'user' must be 1 to 63 letters, digits, '_', '.' or '-', begin with a letter or digit, and be none "
                    + "of: \(reserved.sorted().joined(separator: ", ")).",
                param: "user", code: "invalid_user")
        }
        return name
    }

    /// What the tool servers are told: nothing of the default user.
    static func forServers(_ name: String) -> String? { name == byDefault ? nil : name }
}
