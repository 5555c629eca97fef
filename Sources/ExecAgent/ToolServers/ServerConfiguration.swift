import MCPServers

/// Which tool servers there are: what was asked for on the command line, or the server that comes with this program.
struct ServerConfiguration {
    /// The server that comes with this program.
    static let standardProgram = "exec-mcp"
    /// Bytes that a configuration file may have.
    private static let fileLimit = 1024 * 1024

    /// The value of `--mcp` or `MCP_SERVER_COMMAND`: a command as one would type it; `nil` where neither is given.
    var command: String?
    /// The value of `--mcp-config`: the path of a `mcpServers` JSON file; `nil` where it is not given.
    var file: String?
    /// The environment of this process.
    var environment: [String: String]
    /// The directory of the running program; `nil` where it is not known.
    var programDirectory: String? = ProgramFiles.directoryOfThisProgram

    /// The servers in order. The command's is the first, or else `exec-mcp`: the one beside this program, else the one on
    /// `PATH`. The file's come after it; where one of these is an `exec-mcp` itself, there is no other.
    ///
    /// - Parameter onWarning: told what of the file is left out.
    /// - Throws: ``ConfigurationError``.
    func servers(onWarning: (String) -> Void = { _ in }) throws(ConfigurationError) -> [ToolServerEntry] {
        var warnings: [String] = []
        let listed = try listedServers { warning in
            warnings.append(warning)
            onWarning(warning)
        }
        if let command {
            let first = try Self.entry(of: command)
            return [first] + listed.filter { $0.name != first.name }
        }
        guard !listed.contains(where: { ProgramFiles.name(of: $0.command) == Self.standardProgram }) else {
            return listed
        }
        guard let program = standardServer() else {
            guard listed.isEmpty else { return listed }
            throw ConfigurationError(
                message: warnings.map { "\($0); " }.joined() + """
                    there is no \(Self.standardProgram) beside this program or on PATH: install it, or name a server \
                    with --mcp COMMAND or MCP_SERVER_COMMAND
                    """)
        }
        let standard = ToolServerEntry(name: Self.standardProgram, command: program)
        return [standard] + listed.filter { $0.name != standard.name }
    }

    private func listedServers(onWarning: (String) -> Void) throws(ConfigurationError) -> [ToolServerEntry] {
        guard let file else { return [] }
        do throws(ConfigurationError) {
            let text = try ProgramFiles.read(file, limit: Self.fileLimit)
            let servers = try ServersFile.parse(
                text, named: file, variables: environment, directory: ProgramFiles.currentDirectory ?? "/",
                program: "exec-agent"
            ) { onWarning("\(file): \($0)") }
            if servers.isEmpty { onWarning("\(file): it names no server that can be used") }
            return servers
        } catch {
            throw ConfigurationError(message: "\(file): \(error.message)")
        }
    }

    private func standardServer() -> String? {
        if let programDirectory, case let path = "\(programDirectory)/\(Self.standardProgram)",
            ProgramFiles.isProgram(path)
        {
            return path
        }
        return ProgramFiles.find(Self.standardProgram, on: environment["PATH"])
    }

    private static func entry(of command: String) throws(ConfigurationError) -> ToolServerEntry {
        do throws(ConfigurationError) {
            let words = try CommandWords.split(command)
            return ToolServerEntry(
                name: ProgramFiles.name(of: words[0]), command: words[0], arguments: Array(words.dropFirst()))
        } catch {
            throw ConfigurationError(message: "the command of the MCP server: \(error.message)")
        }
    }
}
