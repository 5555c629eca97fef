import SystemCalls

/// Looks up programs and reads small files.
public enum ProgramFiles {
    /// The search path if `PATH` isn't set, as in a shell.
    private static let usualPath = "/usr/local/bin:/usr/bin:/bin"

    /// The directory of the running program, with symbolic links resolved; `nil` if the system doesn't report it.
    public static let directoryOfThisProgram: String? = {
        #if canImport(Glibc)
            let program = realPath("/proc/self/exe")
        #else
            var size: UInt32 = 4096
            var buffer = [CChar](repeating: 0, count: Int(size))
            guard _NSGetExecutablePath(&buffer, &size) == 0 else { return nil }
            let program = buffer.withUnsafeBufferPointer { buffer in
                buffer.baseAddress.flatMap { realPath(String(cString: $0)) }
            }
        #endif
        guard let program, let slash = program.lastIndex(of: "/") else { return nil }
        return String(program[..<slash])
    }()

    /// Returns the last component of a path.
    public static func name(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// Whether `path` is an executable regular file.
    public static func isProgram(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }

    /// Whether `path` is a directory.
    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Returns the absolute path of a command's program. A command with a slash is a path, relative to the current
    /// directory; any other is looked up.
    ///
    /// - Parameter path: the directories to search, in the format of `PATH`.
    /// - Returns: `nil` if there is no executable.
    public static func find(_ command: String, on path: String?) -> String? {
        guard !command.isEmpty else { return nil }
        if command.contains("/") { return isProgram(command) ? absolute(command) : nil }
        // An empty part means the current directory, which can run a program by mistake.
        let directories = (path ?? usualPath).split(separator: ":").filter { $0.hasPrefix("/") }
        return directories.lazy.map { "\($0)/\(command)" }.first(where: isProgram)
    }

    /// Reads a file.
    ///
    /// - Throws: ``ServerConfigurationError`` if it can't be read or has more than `limit` bytes.
    static func read(_ path: String, limit: Int) throws(ServerConfigurationError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable() }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = systemRead(descriptor, &buffer, buffer.count)
            if count == 0 { return content }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw unreadable() }
            content += buffer[..<count]
            guard content.count <= limit else {
                throw ServerConfigurationError(message: "it has more than \(limit) bytes")
            }
        }
    }

    private static func unreadable() -> ServerConfigurationError {
        ServerConfigurationError(message: "it cannot be read: \(String(cString: strerror(errno)))")
    }

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let directory = currentDirectory else { return path }
        return "\(directory)/\(path)"
    }

    /// The current directory; `nil` if it has been deleted.
    static var currentDirectory: String? {
        guard let directory = getcwd(nil, 0) else { return nil }
        defer { free(directory) }
        return String(cString: directory)
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

#if canImport(Glibc)
    private let systemRead = Glibc.read
#else
    private let systemRead = Darwin.read
#endif
