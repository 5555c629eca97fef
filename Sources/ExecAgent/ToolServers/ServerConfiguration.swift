import Diagnostics
import MCPServers
import SystemCalls

/// Determines which tool servers to use: those given on the command line, or the bundled server.
struct ServerConfiguration {
    /// The bundled server.
    static let standardProgram = "exec-mcp"
    /// What exec-mcp resolves in the files of its bridge.
    private static let bridgeReferences = HostReferences(
        inputPrefix: "EXEC_MCP_INPUT_", readsEnvironmentFiles: true, settings: standardProgram)

    /// The servers to use.
    struct Selection: Sendable, Equatable {
        /// Those that the agent starts, in order. The model sees their tools.
        var servers: [ToolServerEntry]
        /// Those that exec-mcp starts. Code in the sandbox calls their tools.
        var bridged: [ToolServerEntry] = []
        /// The place of that exec-mcp among ``servers``.
        var bridgePlace = 0
    }

    /// The value of `--mcp` or `MCP_SERVER_COMMAND`: a command line as it would be typed; `nil` if neither is given.
    var command: String?
    /// The values of `--mcp-config`: the paths of files with servers.
    var files: [String] = []
    /// Whether the servers of ``files`` are handed to exec-mcp.
    var isBridged = false
    /// Whether exec-mcp builds or downloads a missing image.
    var buildsImage = true
    /// The environment of this process.
    var environment: [String: String]
    /// The directory of the running program; `nil` if unknown.
    var programDirectory: String? = Executables.ownDirectory

    /// Returns the servers in order. First comes the server of ``command``, or else `exec-mcp`: the one next to this
    /// program, else the one on `PATH`. The files' servers follow; if one of these is itself an `exec-mcp`, the default
    /// one is not added. If they are bridged, the files' servers are apart, except for an `exec-mcp`.
    ///
    /// - Parameter onWarning: receives what is ignored in the files.
    /// - Throws: ``ServerConfigurationError``.
    func selection(onWarning: (String) -> Void = { _ in }) throws(ServerConfigurationError) -> Selection {
        var warnings: [String] = []
        let listed = try listedServers { warning in
            warnings.append(warning)
            onWarning(warning)
        }
        if let command {
            let first = try ToolServerEntry(commandLine: command)
            return parted([first], listed.filter { $0.name != first.name })
        }
        guard !listed.contains(where: isStandard) else { return parted([], listed) }
        guard let program = standardServer() else {
            guard listed.isEmpty || isBridged else { return Selection(servers: listed) }
            throw ServerConfigurationError(
                message: warnings.map { "\($0); " }.joined() + """
                    there is no \(Self.standardProgram) next to this program or on PATH: install it, or name a server \
                    with --mcp COMMAND or MCP_SERVER_COMMAND
                    """)
        }
        let standard = ToolServerEntry(name: Self.standardProgram, command: program)
        return parted([standard], listed.filter { $0.name != standard.name })
    }

    private func parted(_ first: [ToolServerEntry], _ listed: [ToolServerEntry]) -> Selection {
        guard isBridged else { return Selection(servers: (first + listed).map(withOwnOptions)) }
        let servers = (first + listed.filter(isStandard)).map(withOwnOptions)
        return Selection(
            servers: servers, bridged: listed.filter { !isStandard($0) },
            bridgePlace: servers.firstIndex(where: isStandard) ?? 0)
    }

    /// An entry, with the options of this program that are meant for exec-mcp if it is one.
    private func withOwnOptions(_ entry: ToolServerEntry) -> ToolServerEntry {
        guard !buildsImage, isStandard(entry) else { return entry }
        var entry = entry
        entry.arguments.append("--no-build")
        return entry
    }

    /// Whether an entry starts exec-mcp, which can't be a server of its own bridge.
    private func isStandard(_ entry: ToolServerEntry) -> Bool {
        if Files.name(of: entry.command) == Self.standardProgram { return true }
        let program = Executables.find(entry.command, on: entry.environment["PATH"] ?? environment["PATH"])
        return program.flatMap(Files.realPath).map(Files.name) == Self.standardProgram
    }

    /// Of several servers with one name, the last counts.
    private func listedServers(onWarning: (String) -> Void) throws(ServerConfigurationError) -> [ToolServerEntry] {
        var servers: [ToolServerEntry] = []
        for file in files {
            let entries = try ServersFile.read(
                file, variables: environment, program: "exec-agent",
                references: isBridged ? Self.bridgeReferences : HostReferences(), onWarning: onWarning)
            for entry in entries {
                if let earlier = servers.firstIndex(where: { $0.name.utf8.elementsEqual(entry.name.utf8) }) {
                    let name = entry.name.singleLine(limit: 100)
                    onWarning("\(file): \(name): an earlier file has a server of this name; the last counts")
                    servers.remove(at: earlier)
                }
                servers.append(entry)
            }
        }
        return servers
    }

    private func standardServer() -> String? {
        if let programDirectory, case let path = "\(programDirectory)/\(Self.standardProgram)",
            Files.isExecutable(path)
        {
            return path
        }
        return Executables.find(Self.standardProgram, on: environment["PATH"])
    }
}
