public import SystemCalls

/// Finds docker's command line, or one like it.
public struct DockerLocator: Sendable {
    private static let usualPlaces = [
        "/usr/local/bin", "/opt/homebrew/bin", "~/.docker/bin", "~/.orbstack/bin", "~/.rd/bin", "/usr/bin", "/bin",
        "/snap/bin",
    ]

    private let search: ProgramSearch
    private let isExecutable: @Sendable (String) -> Bool

    /// A locator that looks with this environment.
    public init(
        environment: [String: String], isExecutable: @escaping @Sendable (String) -> Bool = Files.isExecutable
    ) {
        search = ProgramSearch(environment: environment, places: Self.usualPlaces, isExecutable: isExecutable)
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
        if let path = search.path(of: engine) { return path }
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
    var searchPath: [String] { search.directories }

    /// The environment for the engine's command line: ours, with a `PATH` on which it finds its own helpers.
    public var engineEnvironment: [String: String] { search.programEnvironment }
}
