import CommandOptions
import SystemCalls

/// The environment of this process.
enum Environment {
    /// All environment variables.
    static var variables: [String: String] { ProcessEnvironment.variables }

    /// The home directory; empty if it is unknown.
    static var home: String { variables["HOME"] ?? "" }

    /// The path of the running program, with symbolic links resolved; `nil` if the system doesn't provide it.
    static var programPath: String? { Executables.ownPath }

    /// Returns the directory `name` (`skills` or `tools`) that belongs to the running program: next to it (in a
    /// bundle), in `share/exec-mcp` of its installation prefix, or at the top of the checkout that it was built in.
    static func companionDirectory(_ name: String) -> String? {
        guard let program = programPath else { return nil }
        var directory = parent(of: program)
        var candidates = ["\(directory)/\(name)", "\(parent(of: directory))/share/exec-mcp/\(name)"]
        while directory.count > 1 {
            if Files.isRegularFile("\(directory)/Package.swift") { candidates.append("\(directory)/\(name)") }
            directory = parent(of: directory)
        }
        return candidates.first(where: Files.isDirectory)
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}
