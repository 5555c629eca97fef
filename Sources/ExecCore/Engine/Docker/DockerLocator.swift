public import SystemCalls

/// Finds the engine's command line. Desktop hosts start servers with a bare `PATH`, so the usual places are looked
/// through as well.
public struct DockerLocator: Sendable {
    private static let usualPlaces = [
        "/usr/local/bin", "/opt/homebrew/bin", "~/.docker/bin", "~/.orbstack/bin", "~/.rd/bin", "/usr/bin", "/bin",
        "/snap/bin",
    ]

    private let environment: [String: String]
    private let isExecutable: @Sendable (String) -> Bool

    /// A locator that looks with this environment.
    public init(
        environment: [String: String], isExecutable: @escaping @Sendable (String) -> Bool = Files.isExecutable
    ) {
        self.environment = environment
        self.isExecutable = isExecutable
    }

    /// The path of the program called `engine`: a path is taken as it is, a name is looked for.
    ///
    /// - Throws: ``ExecError`` with the code ``ExecError/Code/engineMissing`` and a remedy.
    public func locate(_ engine: String) throws(ExecError) -> String {
        if engine.contains("/") {
            guard isExecutable(engine) else {
                throw ExecError(
                    .engineMissing,
                    "There is no program at \(engine), which --engine names. Install Docker or correct the path.")
            }
            return engine
        }
        for directory in searchPath {
            let path = "\(directory)/\(engine)"
            if isExecutable(path) { return path }
        }
        throw ExecError(
            .engineMissing,
            """
            The program \(engine) was not found on PATH or in \(Self.usualPlaces.joined(separator: ", ")). \
            Install Docker Engine, Docker Desktop, OrbStack or Podman, or name its command line with --engine.
            """)
    }

    /// The command line of the program called `engine`, with the environment that it needs.
    ///
    /// - Throws: ``ExecError`` as ``locate(_:)`` does.
    public func commandLine(of engine: String) throws(ExecError) -> DockerCLI {
        DockerCLI(program: try locate(engine), environment: engineEnvironment)
    }

    /// The directories to look in: `PATH` first.
    var searchPath: [String] {
        let path = Executables.searchPath(environment["PATH"] ?? "")
        let home = environment["HOME"]
        let usual = Self.usualPlaces.compactMap { place in
            place.hasPrefix("~") ? home.map { $0 + place.dropFirst() } : place
        }
        return path + usual.filter { !path.contains($0) }
    }

    /// The environment for the engine's command line: ours, with a `PATH` on which it finds its own helpers.
    public var engineEnvironment: [String: String] {
        environment.merging(["PATH": searchPath.joined(separator: ":")]) { $1 }
    }
}
