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
        command(["run"] + container.arguments)
    }

    /// Removes containers, running or not.
    func remove(_ containers: [String]) -> Command {
        command(["rm", "--force", "--volumes"] + containers)
    }

    /// Lists our containers with the values of ``Owner/labelNames``, one a line.
    func listOwned() -> Command {
        let labels = Owner.labelNames.map { "{{.Label \"\($0)\"}}" }
        return command([
            "ps", "--all", "--no-trunc", "--filter", "label=\(Owner.markLabel)", "--format",
            (["{{.ID}}"] + labels).joined(separator: "\t"),
        ])
    }

    private func command(_ arguments: [String]) -> Command {
        Command(executable: program, arguments: arguments, environment: environment)
    }
}
