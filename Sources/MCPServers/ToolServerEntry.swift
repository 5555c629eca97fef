/// A tool server as the configuration names it.
public struct ToolServerEntry: Sendable, Equatable {
    /// What it is called in messages, and where names of tools clash.
    public var name: String
    /// The program: a path, or a name to look for on `PATH`.
    public var command: String
    /// What the program is started with.
    public var arguments: [String] = []
    /// Variables besides those that it has from us.
    public var environment: [String: String] = [:]
    /// The directory that it starts in; `nil` for our own.
    public var workingDirectory: String?
    /// Seconds that a run waits for its tools; `nil` for the usual time.
    public var startSeconds: Double?
    /// Which of its tools are offered.
    public var tools = ToolFilter.everything

    /// A server that is started with nothing but its command.
    public init(
        name: String, command: String, arguments: [String] = [], environment: [String: String] = [:],
        workingDirectory: String? = nil, startSeconds: Double? = nil, tools: ToolFilter = .everything
    ) {
        self.name = name
        self.command = command
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.startSeconds = startSeconds
        self.tools = tools
    }

    /// The server that a command starts, named after its program.
    ///
    /// - Parameter commandLine: as one would type it; quotes are read as a shell reads them, and nothing is expanded.
    /// - Throws: ``ServerConfigurationError`` for what is no command.
    public init(commandLine: String) throws(ServerConfigurationError) {
        do throws(ServerConfigurationError) {
            let words = try ShellWords.split(commandLine)
            self.init(name: ProgramFiles.name(of: words[0]), command: words[0], arguments: Array(words.dropFirst()))
        } catch {
            throw ServerConfigurationError(message: "the command of the MCP server: \(error.message)")
        }
    }
}

extension ToolServerEntry {
    /// Variables that are no secrets, whatever they hold.
    private static let open: Set<String> = [
        "PATH", "HOME", "PWD", "TMPDIR", "SHELL", "USER", "LOGNAME", "LANG", "PYTHONPATH", "NODE_PATH",
    ]

    /// What is not to be told of what the server says, by what stands in its place: the values of its variables, and the
    /// keys among its arguments.
    var secrets: [String: String] {
        var secrets = ArgumentSecrets(arguments).found
        for (name, value) in environment where !Self.open.contains(name) {
            secrets["env \(name)"] = value
            for (label, part) in ArgumentSecrets([value]).found { secrets["env \(name), \(label)"] = part }
        }
        return secrets
    }
}
