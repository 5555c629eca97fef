import SystemCalls

/// The directory where this account keeps the files of lingering sandboxes: the sockets at which they are available,
/// and the marks that show which are held by a process. The locks of images are there too (``ImageLock``). No other
/// account can write or look there.
struct LingerDirectory: Sendable, Equatable {
    let path: String

    /// Returns the directory, and creates it if needed.
    ///
    /// Its path doesn't depend on environment variables, because some hosts pass on only a few.
    ///
    /// - Returns: `nil` if no directory is available because something else is in its place.
    static func make() -> LingerDirectory? {
        candidates().first { $0.make() }
    }

    /// The directories that exist.
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
        // One parent is private to this account. The other, `/tmp`, is everybody's, but nobody else can remove our
        // entries.
        guard parent == "/tmp" || Self.isPrivate(String(parent)) else { return false }
        _ = mkdir(path, 0o700)
        return isPrivate
    }

    private var isPrivate: Bool { Self.isPrivate(path) }

    /// Whether `path` is a directory, not a link, that belongs to this account and is not accessible to others.
    private static func isPrivate(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
            && status.st_mode & 0o077 == 0
    }

    /// The path of a file in the directory.
    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// The names of the files in it that start with `prefix`, sorted.
    func names(beginningWith prefix: String = "") -> [String] {
        Files.names(in: path).filter { $0.hasPrefix(prefix) }
    }

    func remove(_ name: String) {
        unlink(file(name))
    }

    /// How many seconds ago a file in it was last modified; 0 if it doesn't exist.
    func age(of name: String) -> Int {
        var status = stat()
        guard lstat(file(name), &status) == 0 else { return 0 }
        return time(nil) - status.modificationTime.tv_sec
    }
}
