/// A tool server as configured.
public struct ToolServerEntry: Sendable, Equatable {
    /// Its name in messages, and the prefix of tool names that collide.
    public var name: String
    /// The program: a path, or a name to look up on `PATH`.
    public var command: String
    /// The program's arguments.
    public var arguments: [String] = []
    /// Variables in addition to those inherited from this process.
    public var environment: [String: String] = [:]
    /// The directory that it starts in; `nil` for the current one.
    public var workingDirectory: String?
    /// Seconds that a run waits for its tools; `nil` for the default.
    public var startSeconds: Double?
    /// The filter for its tools.
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

    /// A server from a command line, named after its program.
    ///
    /// - Parameter commandLine: the command as typed in a shell; quotes are interpreted, nothing is expanded.
    /// - Throws: ``ServerConfigurationError`` if it isn't a valid command.
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
    /// Variables that are never secrets.
    private static let open: Set<String> = [
        "PATH", "HOME", "PWD", "TMPDIR", "SHELL", "USER", "LOGNAME", "LANG", "PYTHONPATH", "NODE_PATH",
    ]

    /// Texts to redact in the server's output, by the label that replaces each: the values of its variables, and the
    /// secrets among its arguments.
    var secrets: [String: String] {
        var secrets = ArgumentSecrets(arguments).found
        for (name, value) in environment where !Self.open.contains(name) {
            secrets["env \(name)"] = value
            for (label, part) in ArgumentSecrets([value]).found { secrets["env \(name), \(label)"] = part }
        }
        return secrets
    }
}
