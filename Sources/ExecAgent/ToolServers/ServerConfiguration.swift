import MCPServers

/// Determines which tool servers to use: those given on the command line, or the bundled server.
struct ServerConfiguration {
    /// The bundled server.
    static let standardProgram = "exec-mcp"

    /// The value of `--mcp` or `MCP_SERVER_COMMAND`: a command line as it would be typed; `nil` if neither is given.
    var command: String?
    /// The value of `--mcp-config`: the path of a JSON file with `mcpServers`; `nil` if not given.
    var file: String?
    /// The environment of this process.
    var environment: [String: String]
    /// The directory of the running program; `nil` if unknown.
    var programDirectory: String? = ProgramFiles.directoryOfThisProgram

    /// Returns the servers in order. First comes the server of ``command``, or else `exec-mcp`: the one next to this
    /// program, else the one on `PATH`. The file's servers follow; if one of these is itself an `exec-mcp`, the
    /// default one is not added.
    ///
    /// - Parameter onWarning: receives what is ignored in the file.
    /// - Throws: ``ServerConfigurationError``.
    func servers(onWarning: (String) -> Void = { _ in }) throws(ServerConfigurationError) -> [ToolServerEntry] {
        var warnings: [String] = []
        let listed = try listedServers { warning in
            warnings.append(warning)
            onWarning(warning)
        }
        if let command {
            let first = try ToolServerEntry(commandLine: command)
            return [first] + listed.filter { $0.name != first.name }
        }
        guard !listed.contains(where: { ProgramFiles.name(of: $0.command) == Self.standardProgram }) else {
            return listed
        }
        guard let program = standardServer() else {
            guard listed.isEmpty else { return listed }
            throw ServerConfigurationError(
                message: warnings.map { "\($0); " }.joined() + """
                    there is no \(Self.standardProgram) beside this program or on PATH: install it, or name a server \
                    with --mcp COMMAND or MCP_SERVER_COMMAND
                    """)
        }
        let standard = ToolServerEntry(name: Self.standardProgram, command: program)
        return [standard] + listed.filter { $0.name != standard.name }
    }

    private func listedServers(onWarning: (String) -> Void) throws(ServerConfigurationError) -> [ToolServerEntry] {
        guard let file else { return [] }
        return try ServersFile.read(file, variables: environment, program: "exec-agent", onWarning: onWarning)
    }

    private func standardServer() -> String? {
        if let programDirectory, case let path = "\(programDirectory)/\(Self.standardProgram)",
            ProgramFiles.isProgram(path)
        {
            return path
        }
        return ProgramFiles.find(Self.standardProgram, on: environment["PATH"])
    }
}
