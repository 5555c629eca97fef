import SystemCalls

/// Files and directories of this account that only it may change. Nothing here follows a symbolic link in the last
/// component of a path.
enum OwnedFiles {
    /// Makes a directory and those above it, each for this account alone.
    static func makeDirectories(_ path: String) throws(SkillStoreError) {
        var place = path.startIndex
        while let slash = path[place...].dropFirst().firstIndex(of: "/") {
            place = slash
            _ = mkdir(String(path[..<slash]), 0o700)
        }
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("cannot make", path) }
        try check(path)
    }

    /// Checks that a directory belongs to this account and that no other account may write to it.
    static func check(_ path: String) throws(SkillStoreError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw failure("cannot look at", path) }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
            throw SkillStoreError("\(path) must be a directory of this account that others cannot write to")
        }
    }

    /// Reads a regular file of this account that others can't write to.
    ///
    /// - Returns: `nil` if none.
    static func read(_ path: String, limit: Int) throws(SkillStoreError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw failure("cannot read", path) }
            return nil
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            status.st_mode & 0o022 == 0
        else { throw SkillStoreError("\(path) must be a file of this account that others cannot write to") }
        guard let bytes = try? Descriptors.contents(of: descriptor, limit: limit, waits: false) else {
            throw SkillStoreError("\(path) cannot be read, or has more than \(limit) bytes")
        }
        return bytes
    }

    /// Writes a new file and waits until it is on the disk.
    static func create(_ path: String, _ bytes: [UInt8], mode: mode_t) throws(SkillStoreError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("cannot make", path) }
        // The umask doesn't count for this.
        let isWritten =
            Descriptors.write(bytes, to: descriptor) && fchmod(descriptor, mode) == 0 && fsync(descriptor) == 0
        let reason = failure("cannot write", path)
        guard close(descriptor) == 0, isWritten else { throw reason }
    }

    /// Puts a file or directory that is on the disk at its final place.
    static func publish(_ temporary: String, as path: String) throws(SkillStoreError) {
        guard rename(temporary, path) == 0 else { throw failure("cannot write", path) }
        synchronize(parent(of: path))
    }

    /// Waits until the entries of a directory are on the disk.
    static func synchronize(_ directory: String) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// Returns all names in a directory, hidden ones too; `nil` if it can't be read, has more than `limit`, or one of
    /// them isn't UTF-8.
    static func names(in directory: String, limit: Int) -> [String]? {
        guard let stream = opendir(directory) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(validatingCString: $0) }
            }
            guard let name, names.count <= limit + 2 else { return nil }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.count <= limit ? names : nil
    }

    /// Removes a directory with all that is in it, as far as it can be removed.
    static func removeTree(_ path: String, depth: Int = SkillContent.maxDepth + 2) {
        guard depth > 0 else { return }
        for name in names(in: path, limit: 10_000) ?? [] {
            let child = "\(path)/\(name)"
            var status = stat()
            guard lstat(child, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                removeTree(child, depth: depth - 1)
            } else {
                unlink(child)
            }
        }
        rmdir(path)
    }

    /// Runs `body` while no other process does so with the same file.
    static func locked<Value>(
        _ path: String, _ body: () throws(SkillStoreError) -> Value
    ) throws(SkillStoreError) -> Value {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("cannot open", path) }
        defer { close(descriptor) }
        guard retryingInterrupts({ flock(descriptor, LOCK_EX) }) == 0 else { throw failure("cannot lock", path) }
        return try body()
    }

    static func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    private static func failure(_ what: String, _ path: String) -> SkillStoreError {
        SkillStoreError("\(what) \(path): \(String(cString: strerror(errno)))")
    }
}
