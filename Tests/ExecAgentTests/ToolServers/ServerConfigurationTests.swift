import MCPServers
import TestSupport
import Testing

@testable import ExecAgent

@Suite(.timeLimit(.minutes(3))) struct ServerConfigurationTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// A configuration of a program in `bin` of the directory, with `path` of it as PATH.
    private func configuration(
        command: String? = nil, file: String? = nil, path: String = "path"
    ) -> ServerConfiguration {
        ServerConfiguration(
            command: command, files: file.map { [$0] } ?? [],
            environment: ["PATH": "relative::\(directory.path)/\(path)"],
            programDirectory: "\(directory.path)/bin")
    }

    @Test func takesTheServerBesideTheProgram() throws {
        try directory.write("", to: "path/exec-mcp", mode: 0o755)
        let beside = try directory.write("", to: "bin/exec-mcp", mode: 0o755)
        #expect(try configuration().servers() == [ToolServerEntry(name: "exec-mcp", command: beside)])
    }

    @Test func takesTheServerOnPathWhereNoneIsBesideTheProgram() throws {
        try directory.write("", to: "bin/exec-mcp", mode: 0o644)
        let found = try directory.write("", to: "path/exec-mcp", mode: 0o755)
        #expect(try configuration().servers() == [ToolServerEntry(name: "exec-mcp", command: found)])
    }

    @Test func saysWhatToDoWhereThereIsNoServer() throws {
        try directory.makeDirectory("bin/exec-mcp")
        let error = #expect(throws: ServerConfigurationError.self) { try configuration().servers() }
        #expect(error?.message.contains("--mcp COMMAND") == true)
    }

    @Test func takesACommandInsteadOfTheStandardServer() throws {
        try directory.write("", to: "bin/exec-mcp", mode: 0o755)
        #expect(
            try configuration(command: "/opt/my-server --flag 'a b'").servers()
                == [ToolServerEntry(name: "my-server", command: "/opt/my-server", arguments: ["--flag", "a b"])])
        let error = #expect(throws: ServerConfigurationError.self) { try configuration(command: "a 'b").servers() }
        #expect(error?.message == "the command of the MCP server: a single quote (') is not closed")
    }

    @Test func putsTheServersOfAFileBehind() throws {
        let file = try directory.write(#"{"mcpServers": {"a": {"command": "a"}, "b": {"command": "b"}}}"#, to: "s.json")
        #expect(try configuration(file: file).servers().map(\.name) == ["a", "b"], "there is no exec-mcp")
        try directory.write("", to: "bin/exec-mcp", mode: 0o755)
        #expect(try configuration(file: file).servers().map(\.name) == ["exec-mcp", "a", "b"])
        #expect(try configuration(command: "/x/b -c", file: file).servers().map(\.name) == ["b", "a"])
    }

    @Test func takesTheServersOfSeveralFilesAndOfOneNameTheLast() throws {
        let first = try directory.write(
            #"{"mcpServers": {"a": {"command": "a"}, "b": {"command": "b"}}}"#, to: "1.json")
        let second = try directory.write(#"{"mcpServers": {"a": {"command": "later"}}}"#, to: "2.json")
        var several = configuration(command: "/x/mine")
        several.files = [first, second]
        var warnings: [String] = []
        let servers = try several.servers { warnings.append($0) }
        #expect(servers.map(\.command) == ["/x/mine", "b", "later"])
        #expect(warnings == ["\(second): a: an earlier file has a server of this name; the last counts"])
    }

    @Test func handsNoBuildToExecMCPAlone() throws {
        let beside = try directory.write("", to: "bin/exec-mcp", mode: 0o755)
        let file = try directory.write(#"{"mcpServers": {"a": {"command": "a"}}}"#, to: "s.json")
        var standard = configuration(file: file)
        standard.buildsImage = false
        #expect(
            try standard.servers() == [
                ToolServerEntry(name: "exec-mcp", command: beside, arguments: ["--no-build"]),
                ToolServerEntry(name: "a", command: "a"),
            ])
        var named = configuration(command: "\(beside) --memory 2g")
        named.buildsImage = false
        #expect(try named.servers().map(\.arguments) == [["--memory", "2g", "--no-build"]])
    }

    @Test func startsNoSecondServerOfOurs() throws {
        try directory.write("", to: "bin/exec-mcp", mode: 0o755)
        let file = try directory.write(
            #"{"mcpServers": {"a": {"command": "a"}, "mine": {"command": "/opt/exec-mcp"}}}"#, to: "s.json")
        #expect(try configuration(file: file).servers().map(\.name) == ["a", "mine"])
    }

    @Test func namesAFileThatCannotBeUsed() throws {
        let missing = "\(directory.path)/none.json"
        #expect(
            throws: ServerConfigurationError(message: "\(missing): it cannot be read: No such file or directory")
        ) { try configuration(file: missing).servers() }
        let large = try directory.write(String(repeating: " ", count: 1 << 20) + "{}", to: "large.json")
        #expect(throws: ServerConfigurationError(message: "\(large): it has more than 1048576 bytes")) {
            try configuration(file: large).servers()
        }
        #expect(throws: ServerConfigurationError.self) { try configuration(file: directory.path).servers() }
    }

    @Test(arguments: [
        ("{}", []), (#"{"a": {"command": "a", "disabled": true}}"#, []),
        (
            #"{"a": {"url": "http://127.0.0.1/", "type": "sse"}, "b": {}}"#,
            ["mcpServers.a: servers of the type sse", "mcpServers.b: it lacks"]
        ),
    ])
    func worksWithoutTheServersOfAFileThatCannotBeUsed(servers: String, parts: [String]) throws {
        let standard = try directory.write("", to: "bin/exec-mcp", mode: 0o755)
        let file = try directory.write(#"{"mcpServers": \#(servers)}"#, to: "s.json")
        var warnings: [String] = []
        let entries = try configuration(file: file).servers { warnings.append($0) }
        #expect(entries == [ToolServerEntry(name: "exec-mcp", command: standard)])
        #expect(warnings.count == parts.count + 1)
        for (warning, part) in zip(warnings, parts) { #expect(warning.hasPrefix("\(file): \(part)")) }
        #expect(warnings.last == "\(file): it contains no usable server")
    }

    @Test func saysWhatWasLeftOutWhereThereIsNoServerAtAll() throws {
        let file = try directory.write(
            #"{"mcpServers": {"a": {"url": "http://127.0.0.1/", "type": "sse"}}}"#, to: "s.json")
        let error = #expect(throws: ServerConfigurationError.self) { try configuration(file: file).servers() }
        #expect(error?.message.contains("mcp-remote") == true)
        #expect(error?.message.contains("--mcp COMMAND") == true)
    }

    @Test func ourOwnServerTellsOfArtifactsByLinks() {
        let ours = ["PATH": "/bin", "MCP_EXECUTOR_ARTIFACT_LINKS": "text"]
        func links(_ command: String, _ own: [String: String] = [:]) -> String? {
            let entry = ToolServerEntry(name: "a", command: command, environment: own)
            return ServerEnvironment.variables(for: entry, from: ours)["MCP_EXECUTOR_ARTIFACT_LINKS"]
        }
        #expect(links("/opt/exec-mcp") == "link")
        #expect(links("exec-mcp") == "link")
        #expect(links("/opt/exec-mcp", ["MCP_EXECUTOR_ARTIFACT_LINKS": "none"]) == "none")
        #expect(links("/opt/other") == "text")
    }

    @Test func keepsTheAgentsKeysFromServers() {
        let ours = ["PATH": "/bin", "OPENAI_API_KEY": "k", "AGENT_API_KEYS": "a,b", "DOCKER_HOST": "unix:///d"]
        var entry = ToolServerEntry(name: "a", command: "a", environment: ["X": "1", "PATH": "/opt"])
        #expect(
            ServerEnvironment.variables(for: entry, from: ours)
                == ["PATH": "/opt", "DOCKER_HOST": "unix:///d", "X": "1"])
        entry.environment["OPENAI_API_KEY"] = "its own"
        #expect(ServerEnvironment.variables(for: entry, from: ours)["OPENAI_API_KEY"] == "its own")
    }

    @Test func onlyExecMCPGetsTheKeyOfTheCollector() {
        let ours = [
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_EXPORTER_OTLP_HEADERS": "api-key=k",
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "api-key=k", "OTEL_SERVICE_NAME": "agent",
        ]
        func names(_ command: String) -> Set<String> {
            let entry = ToolServerEntry(name: "a", command: command, environment: [:])
            return Set(ServerEnvironment.variables(for: entry, from: ours).keys.filter { $0.hasPrefix("OTEL_") })
        }
        #expect(names("/opt/other") == ["OTEL_EXPORTER_OTLP_ENDPOINT"])
        #expect(names("/opt/exec-mcp") == Set(ours.keys).subtracting(["OTEL_SERVICE_NAME"]))
    }
}

extension ServerConfiguration {
    /// The servers that the agent starts.
    fileprivate func servers(onWarning: (String) -> Void = { _ in }) throws(ServerConfigurationError)
        -> [ToolServerEntry]
    {
        try selection(onWarning: onWarning).servers
    }
}
