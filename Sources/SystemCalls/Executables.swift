#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where programs are.
public enum Executables {
    /// Where to look if there is no `PATH`, as a shell would.
    private static let usualPath = "/usr/local/bin:/usr/bin:/bin"

    /// A path by which this very program can be started, even after another took its place on disk where the system can do
    /// that; `nil` if the system does not say.
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

    /// The path of this program without links; `nil` if the system does not say.
    public static var ownPath: String? { ownFile.flatMap(Files.realPath) }

    /// The absolute path of the program that a command means.
    ///
    /// - Parameters:
    ///   - command: a path, from the current directory if it isn't absolute, or a name to look for.
    ///   - path: the directories to look in, as `PATH` has them. Relative and empty parts are ignored: with them one runs
    ///     what one did not mean to.
    /// - Returns: `nil` if there is none that can be run.
    public static func find(_ command: String, on path: String?) -> String? {
        guard !command.isEmpty else { return nil }
        if command.contains("/") {
            guard Files.isExecutable(command) else { return nil }
            return command.hasPrefix("/") ? command : Files.currentDirectory.map { "\($0)/\(command)" } ?? command
        }
        return searchPath(path ?? usualPath).lazy.map { "\($0)/\(command)" }.first(where: Files.isExecutable)
    }

    /// The directories of a `PATH`, without relative and empty parts.
    public static func searchPath(_ path: String) -> [String] {
        path.split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
    }
}
