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
    /// - Throws: ``ExecError`` as ``locate(_:)`` does.
    public func commandLine(
        of engine: String, location: EngineLocation = .automatic
    ) throws(ExecError) -> DockerCLI {
        DockerCLI(program: try locate(engine), environment: engineEnvironment, location: location)
    }

    /// The directories to search, `PATH` first.
    var searchPath: [String] { search.directories }

    /// The environment for the engine's command line: the given one, with a `PATH` on which it finds its own helpers.
    public var engineEnvironment: [String: String] { search.programEnvironment }
}
