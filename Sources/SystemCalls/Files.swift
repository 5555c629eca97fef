#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// File system queries without Foundation's start-up cost.
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

    /// Whether `path` is a regular file that this process may execute.
    public static func isExecutable(_ path: String) -> Bool {
        isRegularFile(path) && access(path, X_OK) == 0
    }

    /// Returns the user and group that own `path`; `nil` if there is no such file.
    public static func owner(of path: String) -> (user: UInt32, group: UInt32)? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return (status.st_uid, status.st_gid)
    }

    /// Returns an identifier of a file or directory that is unique on this machine and survives moves; `nil` if
    /// nothing exists at `path`.
    public static func identity(of path: String) -> String? {
        var status = stat()
        return stat(path, &status) == 0 ? "\(status.st_dev):\(status.st_ino)" : nil
    }

    /// Returns the absolute path without symbolic links and dots; `nil` if there is no such file.
    public static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Returns the target of a symbolic link, at most 4096 bytes of it; `nil` if `path` isn't a link, or the target
    /// isn't valid UTF-8.
    public static func linkText(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &buffer, buffer.count)
        guard count >= 0 else { return nil }
        return String(validating: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether `path` is below the directory `root`. Both must be free of symbolic links and dots.
    public static func isInside(_ path: String, _ root: String) -> Bool {
        // By bytes: a slash followed by a combining mark is a different character to Swift.
        path.utf8.starts(with: root == "/" ? "/".utf8 : "\(root)/".utf8)
    }

    /// Returns the names in a directory, sorted, without hidden ones; empty if it can't be read.
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

    /// Returns the subdirectories whose names aren't valid UTF-8, which ``names(in:)`` omits; invalid bytes become
    /// U+FFFD. Hidden ones are omitted.
    ///
    /// - Parameter files: include only directories that contain a file with one of these names; empty for all.
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

    /// Returns the last component of a path.
    public static func name(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// The current directory; `nil` if it has been deleted.
    public static var currentDirectory: String? {
        guard let directory = getcwd(nil, 0) else { return nil }
        defer { free(directory) }
        return String(cString: directory)
    }

    /// Reads a file without ever blocking: a pipe without a writer is empty.
    ///
    /// - Returns: `nil` if it can't be read or has more than `limit` bytes.
    public static func read(_ path: String, limit: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return try? Descriptors.contents(of: descriptor, limit: limit, waits: false)
    }

    /// Reads the first bytes of a file without ever blocking.
    ///
    /// - Returns: `nil` if it can't be read.
    public static func beginning(of path: String, length: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: length)
        let count = buffer.withUnsafeMutableBytes { Descriptors.readSome(descriptor, $0) }
        return count < 0 ? nil : Array(buffer[..<count])
    }

    /// Reads a file to its end. Unlike ``read(_:limit:)`` it waits for the writers of a pipe.
    ///
    /// - Parameter limit: the maximum number of bytes.
    /// - Throws: ``Descriptors/ContentsError``.
    public static func contents(of path: String, limit: Int) throws(Descriptors.ContentsError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(.last) }
        defer { close(descriptor) }
        return try Descriptors.contents(of: descriptor, limit: limit)
    }
}
