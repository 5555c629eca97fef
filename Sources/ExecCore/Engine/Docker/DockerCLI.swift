import ChildProcess

/// The command line of docker or a compatible engine. Each function returns one command. The arguments are never
/// passed through a shell, and never contain anything that an image or a sandbox says.
public struct DockerCLI: Sendable, Equatable {
    /// The path of the engine's program.
    public let program: String
    /// The complete environment of its commands.
    public let environment: [String: String]
    /// Where the engine runs, if a user has said so.
    let location: EngineLocation
    /// The words before the command that starts a container: a program's path, and its arguments; empty for none.
    let launcher: [String]

    /// Creates the command line of the program at this path.
    public init(
        program: String, environment: [String: String], location: EngineLocation = .automatic, launcher: [String] = []
    ) {
        self.program = program
        self.environment = environment
        self.location = location
        self.launcher = launcher
    }

    /// Starts a sandbox and stays attached to it.
    func run(_ container: ContainerSpec) -> Command {
        let arguments = DockerArguments(container: container, knowsNoCopy: !isPodman).all
        let words = launcher + (isLaunched ? Self.signalled : []) + [program, "run"] + habitArguments + arguments
        var run = Command(executable: words[0], arguments: Array(words.dropFirst()), environment: environment)
        // The command only relays bytes, which Go's runtime does best on one processor. With more, the answer to a
        // long input often waited up to 10 ms until the runtime polled for it.
        run.environment = environment.merging(["GOMAXPROCS": "1"]) { own, _ in own }
        return run
    }

    /// Runs the words that follow, and kills that program when a launcher tells its job to end (Slurm: `scancel`, time
    /// limits), which closes the container's input. By itself, the engine's command line passes the signal on to process 1
    /// of the container, which ignores it.
    private static let signalled = [
        "/bin/sh", "-c",
        """
        exec 3<&0 </dev/null
        "$@" <&3 3<&- &
        exec 3<&-
        trap 'kill -s KILL "$!"' HUP INT TERM
        wait "$!"
        """,
        "sh",
    ]

    /// Removes containers, running or not.
    func remove(_ containers: [String]) -> Command {
        command(["rm", "--force", "--volumes"] + containers)
    }

    /// Lists the containers with a label, one per line: the id, then the values of the labels `names`, separated by
    /// tabs.
    func list(labelled label: EngineLabel, including names: [String]) -> Command {
        command([
            "ps", "--all", "--no-trunc", "--filter", "label=\(label.name)\(label.value.map { "=" + $0 } ?? "")",
            "--format", (["{{.ID}}"] + names.map(labelTemplate)).joined(separator: "\t"),
        ])
    }

    /// Removes volumes that no container uses.
    func remove(volumes: [String]) -> Command {
        command(["volume", "rm"] + volumes)
    }

    /// Lists the names of volumes that contain `text`, one per line.
    func listVolumes(containing text: String) -> Command {
        command(["volume", "ls", "--quiet", "--filter", "name=\(text)"])
    }

    /// Prints all information about volumes as one JSON object per line.
    func inspect(volumes: [String]) -> Command {
        command(["volume", "inspect", "--format", Self.wholeAsJSON] + volumes)
    }

    /// Prints the versions of the command line and the engine as one JSON object.
    func version() -> Command {
        command(["version", "--format", Self.wholeAsJSON])
    }

    /// Prints all information about the engine as one JSON object.
    func info() -> Command {
        command(["info", "--format", Self.wholeAsJSON])
    }

    /// Prints the state of a container as one JSON object.
    func inspectState(of container: String) -> Command {
        command(["container", "inspect", "--format", "{{json .State}}", container])
    }

    /// Prints all information about an image as one JSON object.
    func inspect(image: String) -> Command {
        command(["image", "inspect", "--format", Self.wholeAsJSON, image])
    }

    private static let wholeAsJSON = "{{json .}}"

    private func command(_ arguments: [String]) -> Command {
        Command(executable: program, arguments: arguments, environment: environment)
    }
}
