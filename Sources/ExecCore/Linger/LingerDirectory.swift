import SystemCalls

/// Where this account keeps what concerns sandboxes that linger: sockets at which they can be had, and marks that say
/// which are held by a process. Nobody else can write or look there.
struct LingerDirectory: Sendable, Equatable {
    let path: String

    /// The directory, which is made if need be.
    ///
    /// It does not depend on variables of the environment, of which some hosts hand on few.
    ///
    /// - Returns: `nil` where there can be none: something else is in its place.
    static func make() -> LingerDirectory? {
        candidates().first { $0.make() }
    }

    /// The directories that there are.
    static func existing() -> [LingerDirectory] {
        candidates().filter(\.isPrivate)
    }

    private static func candidates() -> [LingerDirectory] {
        let user = geteuid()
        let temporary = LingerDirectory(path: "/tmp/exec-mcp-\(user)")
        #if canImport(Glibc)
            return [LingerDirectory(path: "/run/user/\(user)/exec-mcp"), temporary]
        #else
            return [temporary]
        #endif
    }

    private func make() -> Bool {
        let parent = path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)
        // Of the two parents one is this account's alone, the other everybody's, where nobody can take away what is ours.
        guard parent == "/tmp" || Self.isPrivate(String(parent)) else { return false }
        _ = mkdir(path, 0o700)
        return isPrivate
    }

    private var isPrivate: Bool { Self.isPrivate(path) }

    /// Whether `path` is a directory of this account that no other may use, and no link.
    private static func isPrivate(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
            && status.st_mode & 0o077 == 0
    }

    /// The path of a file in it.
    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// The names of the files in it whose names begin with `prefix`, sorted.
    func names(beginningWith prefix: String = "") -> [String] {
        Files.names(in: path).filter { $0.hasPrefix(prefix) }
    }

    func remove(_ name: String) {
        unlink(file(name))
    }

    /// How many seconds ago a file in it was made or changed; 0 where there is none.
    func age(of name: String) -> Int {
        var status = stat()
        guard lstat(file(name), &status) == 0 else { return 0 }
        return time(nil) - status.modificationTime.tv_sec
    }
}
