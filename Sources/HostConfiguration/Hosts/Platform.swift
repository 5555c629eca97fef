/// The operating system and environment, which determine where a host keeps its files.
public struct Platform: Sendable {
    /// An operating system. Hosts keep their files in different places on each.
    public enum System: Sendable {
        /// Linux, with the XDG directories.
        case linux
        /// macOS, with `~/Library`.
        case macOS
    }

    let system: System
    let variables: [String: String]

    /// - Parameter variables: the environment variables.
    public init(system: System = .current, variables: [String: String]) {
        self.system = system
        self.variables = variables
    }

    /// The home directory; `nil` if it is unknown.
    var home: String? { directory("HOME") }

    /// The directory for application settings: on Linux `~/.config`, unless a variable overrides it.
    var applicationSupport: String? {
        switch system {
        case .linux: directory("XDG_CONFIG_HOME") ?? home.map { $0 + "/.config" }
        case .macOS: home.map { $0 + "/Library/Application Support" }
        }
    }

    /// Returns the directory that a variable names. A relative path is ignored, as the XDG specification requires.
    func directory(_ variable: String) -> String? {
        guard var path = variables[variable], path.hasPrefix("/") else { return nil }
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }
}

extension Platform.System {
    /// The operating system that this program runs on.
    public static var current: Platform.System {
        #if os(macOS)
            return .macOS
        #else
            return .linux
        #endif
    }
}
