#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The few things that are asked of the host's file system, without Foundation's start-up cost.
public enum Files {
    /// Whether `path` is a directory (or a link to one).
    public static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether `path` is a regular file (or a link to one).
    public static func isRegularFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// Whether `path` is a regular file that we may run.
    public static func isExecutable(_ path: String) -> Bool {
        isRegularFile(path) && access(path, X_OK) == 0
    }

    /// The user and group that own `path`; `nil` where there is no such file.
    public static func owner(of path: String) -> (user: UInt32, group: UInt32)? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return (status.st_uid, status.st_gid)
    }

    /// What tells a file or directory apart from any other on this machine, wherever it is moved; `nil` where there is none
    /// at `path`.
    public static func identity(of path: String) -> String? {
        var status = stat()
        return stat(path, &status) == 0 ? "\(status.st_dev):\(status.st_ino)" : nil
    }

    /// The path from the root without links and dots; `nil` where there is no such file.
    public static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// What a symbolic link says, at most 4096 bytes of it; `nil` where `path` is no link, or one of another encoding.
    public static func linkText(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &buffer, buffer.count)
        guard count >= 0 else { return nil }
        return String(validating: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether `path` is below the directory `root`; both without links and dots.
    public static func isInside(_ path: String, _ root: String) -> Bool {
        // By bytes: with a combining mark behind it, a slash is no slash.
        path.utf8.starts(with: root == "/" ? "/".utf8 : "\(root)/".utf8)
    }

    /// The names in a directory, sorted, hidden ones left out; empty where it cannot be read.
    public static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(validatingCString: $0) }
            }
            if let name, name.utf8.first != UInt8(ascii: ".") { names.append(name) }
        }
        return names.sorted()
    }

    /// The directories in a directory whose names are not UTF-8, so that ``names(in:)`` leaves them out: with U+FFFD for what
    /// is none, hidden ones left out.
    ///
    /// - Parameter files: count only those with a file in them that has one of these names; empty for all.
    public static func misnamedDirectories(in directory: String, with files: [String] = []) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var found: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                UnsafeRawBufferPointer(start: pointer, count: strlen(UnsafeRawPointer(pointer))).map { $0 }
            }
            guard name.first != UInt8(ascii: "."), String(validating: name, as: UTF8.self) == nil else { continue }
            let path = Array(directory.utf8) + [UInt8(ascii: "/")] + name
            let isThere = files.isEmpty || files.contains { hasEntry(path + [UInt8(ascii: "/")] + Array($0.utf8)) }
            if isThere, hasEntry(path + Array("/.".utf8)) { found.append(String(decoding: name, as: UTF8.self)) }
        }
        return found.sorted()
    }

    private static func hasEntry(_ path: [UInt8]) -> Bool {
        (path + [0]).withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return false }
            return access(start.assumingMemoryBound(to: CChar.self), F_OK) == 0
        }
    }

    /// The directory that this program runs in; `nil` if it is gone.
    public static var currentDirectory: String? {
        guard let directory = getcwd(nil, 0) else { return nil }
        defer { free(directory) }
        return String(cString: directory)
    }

    /// The content of a file, which is never waited for: a pipe that nobody writes to is empty.
    ///
    /// - Returns: `nil` if it can't be read or has more than `limit` bytes.
    public static func read(_ path: String, limit: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return try? Descriptors.contents(of: descriptor, limit: limit, waits: false)
    }
}
