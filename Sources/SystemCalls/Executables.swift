#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Looks up executables.
public enum Executables {
    /// The search path if `PATH` isn't set, as in a shell.
    private static let usualPath = "/usr/local/bin:/usr/bin:/bin"

    /// A path that starts this program, even after the file was replaced on disk if the system supports that; `nil` if
    /// the system doesn't report it.
    public static var ownFile: String? {
        #if canImport(Glibc)
            return "/proc/self/exe"
        #else
            var size: UInt32 = 4096
            var buffer = [CChar](repeating: 0, count: Int(size))
            guard _NSGetExecutablePath(&buffer, &size) == 0 else { return nil }
            return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        #endif
    }

    /// The path of this program with symbolic links resolved; `nil` if the system doesn't report it.
    public static var ownPath: String? { ownFile.flatMap(Files.realPath) }

    /// The directory of this program with symbolic links resolved; `nil` if the system doesn't report it.
    public static var ownDirectory: String? {
        guard let path = ownPath, let slash = path.lastIndex(of: "/") else { return nil }
        return String(path[..<slash])
    }

    /// Returns the absolute path of a command's program.
    ///
    /// - Parameters:
    ///   - command: a path, relative to the current directory if it isn't absolute, or a name to look up.
    ///   - path: the directories to search, in the format of `PATH`. Relative and empty parts are ignored, because
    ///     they can run a program by mistake.
    /// - Returns: `nil` if there is no executable.
    public static func find(_ command: String, on path: String?) -> String? {
        guard !command.isEmpty else { return nil }
        if command.contains("/") {
            guard Files.isExecutable(command) else { return nil }
            return command.hasPrefix("/") ? command : Files.currentDirectory.map { "\($0)/\(command)" } ?? command
        }
        return searchPath(path ?? usualPath).lazy.map { "\($0)/\(command)" }.first(where: Files.isExecutable)
    }

    /// Returns the directories of a `PATH`, without relative and empty parts.
    public static func searchPath(_ path: String) -> [String] {
        path.split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
    }
}
