import SystemCalls

/// Finds the engine that the user named. The one place that knows which kinds of engines exist.
public struct EngineLocator: Sendable {
    private static let kubectl = "kubectl"

    private let environment: [String: String]
    private let location: EngineLocation
    private let launcher: [String]

    /// Creates a locator that searches with this environment.
    ///
    /// - Parameters:
    ///   - location: where the engine runs, if a user has said so.
    ///   - launcher: the words before the command that starts a container; empty for none.
    public init(environment: [String: String], location: EngineLocation = .automatic, launcher: [String] = []) {
        self.environment = environment
        self.location = location
        self.launcher = launcher
    }

    /// Whether the engine called `name` is a cluster: the name or path of kubectl.
    public static func isCluster(_ name: String) -> Bool {
        Files.name(of: name) == kubectl
    }

    /// Returns the engine called `name`.
    ///
    /// - Parameters:
    ///   - name: the value of `--engine`: the name or path of kubectl, or of a Docker-compatible command line.
    ///   - kubernetes: where on which cluster sandboxes run, if it is kubectl.
    /// - Throws: ``ExecError`` with the code ``ExecError/Code/engineMissing`` and a remedy.
    public func engine(named name: String, kubernetes: KubernetesOptions) throws(ExecError) -> any ContainerEngine {
        guard Self.isCluster(name) else { return try imageBuilder(named: name) }
        let search = ProgramSearch(environment: environment)
        let found = name.contains("/") ? (Files.isExecutable(name) ? name : nil) : search.path(of: name)
        guard let found else {
            throw ExecError(
                .engineMissing,
                """
                The program \(name), given by --engine, was not found. Install kubectl, the command line of Kubernetes, or \
                give its path.
                """)
        }
        return KubernetesEngine(program: found, environment: search.programEnvironment, options: kubernetes)
    }

    /// Returns the engine called `name`, which builds images.
    ///
    /// - Throws: ``ExecError`` as ``engine(named:kubernetes:)`` does, also for a cluster.
    public func imageBuilder(named name: String) throws(ExecError) -> any ImageBuildingEngine {
        guard !Self.isCluster(name) else {
            throw ExecError(
                .refused,
                """
                A cluster builds no images. Build the image with a container engine (--engine docker), push it to a registry \
                that the cluster's nodes can reach, and name it with --image.
                """)
        }
        return try DockerLocator(environment: environment).commandLine(of: name, location: location, launcher: launcher)
    }
}
