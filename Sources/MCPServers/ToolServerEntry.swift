public import JSON
import SystemCalls

/// A tool server as configured.
public struct ToolServerEntry: Sendable, Equatable {
    /// Its name in messages, and the prefix of tool names that collide.
    public var name: String
    /// The program: a path, or a name to look up on `PATH`; empty for a server with a URL.
    public var command: String
    /// The URL of a server that isn't started but connected to; `nil` for a program.
    public var url: String?
    /// The headers of requests to the URL.
    public var headers: [String: String] = [:]
    /// The program's arguments.
    public var arguments: [String] = []
    /// Variables in addition to those inherited from this process.
    public var environment: [String: String] = [:]
    /// The values of the variables and inputs to which its command, arguments and URL refer, by names for messages. Such
    /// a value may be a key, even if nothing beside it says so.
    public var referencedValues: [String: String] = [:]
    /// The directory that it starts in; `nil` for the current one.
    public var workingDirectory: String?
    /// Seconds that a run waits for its tools; `nil` for the default.
    public var startSeconds: Double?
    /// The filter for its tools.
    public var tools = ToolFilter.everything
    /// The entry's member for this program, which hosts ignore; `nil` if none. See ``HostReferences``.
    public var settings: JSON?

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
            self.init(name: Files.name(of: words[0]), command: words[0], arguments: Array(words.dropFirst()))
        } catch {
            throw ServerConfigurationError(message: "the command of the MCP server: \(error.message)")
        }
    }
}

extension ToolServerEntry {
    /// Variables that are never secrets.
    static let openVariables: Set<String> = [
        "PATH", "HOME", "PWD", "TMPDIR", "SHELL", "USER", "LOGNAME", "LANG", "PYTHONPATH", "NODE_PATH",
    ]

    /// Texts to redact in the server's output, by the label that replaces each: the values of its variables, headers
    /// and references, and the secrets among its arguments and in its URL.
    public var secrets: [String: String] {
        var secrets = ArgumentSecrets(arguments).found
        secrets.merge(referencedValues) { $1 }
        for (name, value) in headers { secrets["header \(name)"] = value }
        if let url {
            secrets.merge(ArgumentSecrets([url]).found) { $1 }
            for (number, segment) in ArgumentSecrets.secretSegments(of: url).enumerated() {
                secrets["part \(number + 1) of the URL"] = segment
            }
        }
        for (name, value) in environment where !Self.openVariables.contains(name) {
            secrets["env \(name)"] = value
            for (label, part) in ArgumentSecrets([value]).found { secrets["env \(name), \(label)"] = part }
        }
        return secrets
    }
}
