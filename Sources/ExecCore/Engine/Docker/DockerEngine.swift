public import ChildProcess

extension DockerCLI: ContainerEngine {
    /// The environment variables that select the engine.
    private static let engineVariables = [
        "HOME", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "CONTAINER_HOST", "CONTAINER_CONNECTION",
    ]

    /// The path of the program.
    public var name: String { program }

    /// Judges by the address that the program is set to use, unless the user has said where the engine is.
    public var isLocal: Bool {
        switch location {
        case .local: true
        case .remote: false
        case .automatic: DockerAddress(of: self).map { $0.isLocal(environment) } ?? true
        }
    }

    /// The address in the environment or the name of the context.
    public var address: String? { DockerAddress(of: self)?.shortDescription }

    /// Runs `docker run`, attached.
    public func start(_ container: ContainerSpec) throws -> ChildProcess {
        try ChildProcess(starting: run(container))
    }

    /// Interprets the command line's last output.
    public func explain(
        _ end: ChildProcess.End, of configuration: SandboxConfiguration, printed: [UInt8]
    ) -> EngineFailure {
        let failure = DockerFailure(engine: self, configuration: configuration, end: end)
        return EngineFailure(
            summary: failure.summary, startError: failure.startError(printed: printed), endError: failure.endError)
    }

    /// Returns commands of the same program.
    public func hints(for name: String) -> EngineHints {
        EngineHints(listContainers: "\(name) ps --all", diskUsage: "docker system df")
    }

    /// The program, the variables that select its engine, and the arguments of `docker run`.
    public func fingerprint(of container: ContainerSpec) -> [String] {
        [program] + Self.engineVariables.map { "\($0)=\(environment[$0] ?? "")" }
            + DockerArguments(container: container).withoutIdentity
    }
}
