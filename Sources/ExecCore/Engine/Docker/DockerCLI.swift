import ChildProcess

/// The command line of docker, or of an engine that has one like it: each function gives the arguments of one call. No
/// shell sees them, and nothing that an image or a sandbox says is among them.
public struct DockerCLI: Sendable, Equatable {
    /// Path of the engine's program.
    public let program: String
    /// Its whole environment.
    public let environment: [String: String]

    /// The command line of the program at this path.
    public init(program: String, environment: [String: String]) {
        self.program = program
        self.environment = environment
    }

    /// Starts a sandbox and stays attached to it.
    func run(_ container: ContainerSpec) -> Command {
        var run = command(["run"] + habitArguments + DockerArguments(container: container).all)
        // It passes bytes on, and Go's runtime does that best on one processor: with more, what comes back after a
        // long input often lay for up to 10 ms until the runtime looked for it.
        run.environment = environment.merging(["GOMAXPROCS": "1"]) { own, _ in own }
        return run
    }

    /// Removes containers, running or not.
    func remove(_ containers: [String]) -> Command {
        command(["rm", "--force", "--volumes"] + containers)
    }

    /// Lists the containers with a label, one a line: the id, and the values of the labels `names` after tabs.
    func list(labelled label: EngineLabel, telling names: [String]) -> Command {
        command([
            "ps", "--all", "--no-trunc", "--filter", "label=\(label.name)\(label.value.map { "=" + $0 } ?? "")",
            "--format", (["{{.ID}}"] + names.map(labelTemplate)).joined(separator: "\t"),
        ])
    }

    /// Removes volumes that are in no container.
    func remove(volumes: [String]) -> Command {
        command(["volume", "rm"] + volumes)
    }

    /// Gives the versions of the command line and of the engine as one JSON object.
    func version() -> Command {
        command(["version", "--format", Self.wholeAsJSON])
    }

    /// Gives all that the engine says of itself as one JSON object.
    func info() -> Command {
        command(["info", "--format", Self.wholeAsJSON])
    }

    /// Gives all that the engine knows of an image as one JSON object.
    func inspect(image: String) -> Command {
        command(["image", "inspect", "--format", Self.wholeAsJSON, image])
    }

    private static let wholeAsJSON = "{{json .}}"

    private func command(_ arguments: [String]) -> Command {
        Command(executable: program, arguments: arguments, environment: environment)
    }
}
