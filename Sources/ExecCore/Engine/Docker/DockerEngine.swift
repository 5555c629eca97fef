public import ChildProcess

extension DockerCLI: ContainerEngine {
    /// The environment variables that select the engine.
    private static let engineVariables = [
        "HOME", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "CONTAINER_HOST", "CONTAINER_CONNECTION",
    ]

    /// The path of the program, and the launcher's.
    public var name: String { isLaunched ? "\(program) behind \(launcher[0])" : program }

    /// A launcher may start a container on any machine, unless the user says that it stays here.
    public var isLaunched: Bool { !launcher.isEmpty && location != .local }

    /// Judges by the address that the program is set to use, unless the user has said where the engine is.
    public var isLocal: Bool { !isLaunched && sharesFiles }

    /// Behind a launcher, machines are expected to share the file system.
    public var fileTransport: FileTransport { sharesFiles ? .mounts : .volumes }

    private var sharesFiles: Bool {
        switch location {
        case .local: true
        case .remote: false
        case .automatic: DockerAddress(of: self).map { $0.isLocal(environment) } ?? true
        }
    }

    /// Every container has `--log-driver none`.
    public var recordsOutput: Bool { false }

    /// The address in the environment or the name of the context.
    public var address: String? { DockerAddress(of: self)?.shortDescription }

    /// Runs `docker run`, attached. Behind a launcher it is guarded: a job that waits in a queue doesn't notice that its
    /// input is closed.
    public func start(_ container: ContainerSpec) throws -> ChildProcess {
        try ChildProcess(starting: run(container), isGuarded: isLaunched)
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

    /// The launcher, the program, the variables that select its engine, and the arguments of `docker run`.
    public func fingerprint(of container: ContainerSpec) -> [String] {
        launcher + [program] + Self.engineVariables.map { "\($0)=\(environment[$0] ?? "")" }
            + DockerArguments(container: container).withoutIdentity
    }
}
