import SystemCalls

/// Where programs are, and the little that is read of files.
public enum ProgramFiles {
    /// Where `PATH` is not set, what a shell would take.
    private static let usualPath = "/usr/local/bin:/usr/bin:/bin"

    /// The directory of the running program, without links; `nil` where the system does not say.
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

    /// The last part of a path.
    public static func name(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// Whether there is a file that can be run.
    public static func isProgram(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }

    /// Whether there is a directory.
    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The absolute path of the program that a command means: a path, which is one from our own directory, or a name to
    /// look for.
    ///
    /// - Parameter path: the directories to look in, as `PATH` has them.
    /// - Returns: `nil` where there is none that can be run.
    public static func find(_ command: String, on path: String?) -> String? {
        guard !command.isEmpty else { return nil }
        if command.contains("/") { return isProgram(command) ? absolute(command) : nil }
        // An empty part means the current directory, and that is how one runs what one did not mean to.
        let directories = (path ?? usualPath).split(separator: ":").filter { $0.hasPrefix("/") }
        return directories.lazy.map { "\($0)/\(command)" }.first(where: isProgram)
    }

    /// The bytes of a file.
    ///
    /// - Throws: ``ServerConfigurationError`` where it cannot be read or has more than `limit` bytes.
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

    /// The directory that this program runs in; `nil` where it is gone.
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
