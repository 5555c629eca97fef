public import SystemCalls

/// Finds the command line of docker or a compatible engine.
public struct DockerLocator: Sendable {
    private static let usualPlaces = [
        "/usr/local/bin", "/opt/homebrew/bin", "~/.docker/bin", "~/.orbstack/bin", "~/.rd/bin", "/usr/bin", "/bin",
        "/snap/bin",
    ]

    private let search: ProgramSearch
    private let isExecutable: @Sendable (String) -> Bool

    /// Creates a locator that searches with this environment.
    public init(
        environment: [String: String], isExecutable: @escaping @Sendable (String) -> Bool = Files.isExecutable
    ) {
        search = ProgramSearch(environment: environment, places: Self.usualPlaces, isExecutable: isExecutable)
        self.isExecutable = isExecutable
    }

    /// Returns the path of the program called `engine`: a path is used as it is, a name is searched for.
    ///
    /// - Throws: ``ExecError`` with the code ``ExecError/Code/engineMissing`` and a remedy.
    public func locate(_ engine: String) throws(ExecError) -> String {
        if engine.contains("/") {
            guard isExecutable(engine) else {
                throw ExecError(
                    .engineMissing,
                    "The program \(engine), given by --engine, does not exist. Install Docker or correct the path.")
            }
            return engine
        }
        if let path = search.path(of: engine) { return path }
        throw ExecError(
            .engineMissing,
            """
            The program \(engine) was not found on PATH or in \(Self.usualPlaces.joined(separator: ", ")). \
            Install Docker Engine, Docker Desktop, OrbStack or Podman, or name its command line with --engine.
            """)
    }

    /// Returns the command line of the program called `engine`, with the environment that it needs.
    ///
    /// - Parameter launcher: the words before the command that starts a container, the first of which is located; empty
    ///   for none. Unless the location says otherwise, the engine is looked for where the launcher leads, not here.
    /// - Throws: ``ExecError`` as ``locate(_:)`` does.
    public func commandLine(
        of engine: String, location: EngineLocation = .automatic, launcher: [String] = []
    ) throws(ExecError) -> DockerCLI {
        var words = launcher
        if let first = launcher.first { words[0] = try locateLauncher(first) }
        let launched = DockerCLI(program: engine, environment: engineEnvironment, location: location, launcher: words)
        guard !launched.isLaunched else { return launched }
        return DockerCLI(
            program: try locate(engine), environment: engineEnvironment, location: location, launcher: words)
    }

    private func locateLauncher(_ name: String) throws(ExecError) -> String {
        let found = name.contains("/") ? (isExecutable(name) ? name : nil) : search.path(of: name)
        guard let found else {
            throw ExecError(
                .engineMissing,
                "The program \(name), given by --launcher, was not found. Install it, or give its path.")
        }
        return found
    }

    /// The directories to search, `PATH` first.
    var searchPath: [String] { search.directories }

    /// The environment for the engine's command line: the given one, with a `PATH` on which it finds its own helpers.
    public var engineEnvironment: [String: String] { search.programEnvironment }
}
