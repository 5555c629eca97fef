import CommandOptions
import SystemCalls

/// What this process was given by whoever started it.
enum Environment {
    /// All variables.
    static var variables: [String: String] { ProcessEnvironment.variables }

    /// The home directory; empty where none is known.
    static var home: String { variables["HOME"] ?? "" }

    /// The path of the running program without links; `nil` where the system does not say.
    static var programPath: String? { Executables.ownPath }

    /// The directory `name` (`skills` or `tools`) that belongs to the running program: beside it (a bundle), under
    /// `share/exec-mcp` of the place it is installed in, or at the top of the checkout that it was built in.
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
