import ChildProcess

/// The engine's command line, as values: each function gives the arguments of one call. No shell sees them, and nothing
/// that an image or a sandbox says is among them.
public struct EngineCommandLine: Sendable, Equatable {
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
    func run(_ container: ContainerDescription) -> Command {
        var run = command(["run"] + habitArguments + container.arguments)
        // It passes bytes on, and Go's runtime does that best on one processor: with more, what comes back after a
        // long input often lay for up to 10 ms until the runtime looked for it.
        run.environment = environment.merging(["GOMAXPROCS": "1"]) { own, _ in own }
        return run
    }

    /// Removes containers, running or not.
    func remove(_ containers: [String]) -> Command {
        command(["rm", "--force", "--volumes"] + containers)
    }

    /// Lists our containers with the values of ``Owner/labelNames`` and ``Owner/lingerLabel``, one a line.
    func listOwned() -> Command {
        let labels = (Owner.labelNames + [Owner.lingerLabel]).map(labelTemplate)
        return command([
            "ps", "--all", "--no-trunc", "--filter", "label=\(Owner.markLabel)", "--format",
            (["{{.ID}}"] + labels).joined(separator: "\t"),
        ])
    }

    /// Lists the ids of a user's containers, one a line.
    func listContainers(of user: UserID) -> Command {
        command(["ps", "--all", "--quiet", "--filter", "label=\(Owner.userLabel)=\(user)"])
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
