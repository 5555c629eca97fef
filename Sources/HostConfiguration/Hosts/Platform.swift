/// Where a host's files are looked for.
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

    /// - Parameter variables: the environment.
    public init(system: System = .current, variables: [String: String]) {
        self.system = system
        self.variables = variables
    }

    /// The home directory; `nil` where none is known.
    var home: String? { directory("HOME") }

    /// Where applications keep their settings: `~/.config` on Linux unless a variable says otherwise.
    var applicationSupport: String? {
        switch system {
        case .linux: directory("XDG_CONFIG_HOME") ?? home.map { $0 + "/.config" }
        case .macOS: home.map { $0 + "/Library/Application Support" }
        }
    }

    /// The directory that a variable names. As the XDG specification says, a path that is not absolute does not count.
    func directory(_ variable: String) -> String? {
        guard var path = variables[variable], path.hasPrefix("/") else { return nil }
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }
}

extension Platform.System {
    /// The one that this program runs on.
    public static var current: Platform.System {
        #if os(macOS)
            return .macOS
        #else
            return .linux
        #endif
    }
}
