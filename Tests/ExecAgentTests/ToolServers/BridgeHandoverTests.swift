import JSON
import MCP
import MCPServers
import MCPServersTestSupport
import OpenAI
import SystemCalls
import TestSupport
import Testing

@testable import ExecAgent

/// What `--bridge` hands to exec-mcp, and how.
@Suite(.timeLimit(.minutes(3))) struct BridgeHandoverTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func selection(
        _ files: String..., command: String? = nil, variables: [String: String] = [:]
    ) throws -> (ServerConfiguration.Selection, warnings: [String]) {
        var paths: [String] = []
        for (number, text) in files.enumerated() { paths.append(try directory.write(text, to: "\(number).json")) }
        var warnings: [String] = []
        let environment = ["PATH": "\(directory.path)/path"].merging(variables) { $1 }
        let selection = try ServerConfiguration(
            command: command, files: paths, isBridged: true, environment: environment,
            programDirectory: "\(directory.path)/bin"
        ).selection { warnings.append($0) }
        return (selection, warnings)
    }

    @Test func theFilesServersAreBridgedAndExecMCPStays() throws {
        let standard = try directory.write("", to: "bin/exec-mcp", mode: 0o755)
        let (selection, warnings) = try selection(
            #"{"mcpServers": {"a": {"command": "a"}, "b": {"command": "b"}}}"#,
            #"{"mcpServers": {"a": {"command": "later"}, "c": {"command": "c"}}}"#)
        #expect(selection.servers == [ToolServerEntry(name: "exec-mcp", command: standard)])
        #expect(selection.bridged.map(\.command) == ["b", "later", "c"])
        #expect(warnings == ["\(directory.path)/1.json: a: an earlier file has a server of this name; the last counts"])
    }

    @Test(arguments: ["exec-mcp", "/opt/x/exec-mcp", "linked"])
    func anExecMCPOfTheFilesIsNoServerOfItself(command: String) throws {
        let real = try directory.write("", to: "bin/exec-mcp", mode: 0o755)
        try directory.makeDirectory("path")
        #expect(symlink(real, "\(directory.path)/path/linked") == 0)
        let (selection, _) = try selection(
            #"{"mcpServers": {"a": {"command": "a"}, "box": {"command": "\#(command)"}}}"#)
        #expect(selection.servers.map(\.name) == ["box"])
        #expect(selection.bridged.map(\.name) == ["a"])
        #expect(selection.bridgePlace == 0)
    }

    @Test func aCommandsServerStaysAndTheBridgeIsExecMCPs() throws {
        let file = #"{"mcpServers": {"a": {"command": "a"}, "box": {"command": "exec-mcp"}, "t": {"command": "t"}}}"#
        let (other, _) = try selection(file, command: "/x/t --flag")
        #expect(other.servers.map(\.name) == ["t", "box"])
        #expect(other.bridged.map(\.name) == ["a"])
        #expect(other.bridgePlace == 1)
        let (own, _) = try selection(file, command: "env exec-mcp --user x")
        #expect(own.bridgePlace == 1)
        let (wrapped, _) = try selection(#"{"mcpServers": {"a": {"command": "a"}}}"#, command: "env exec-mcp")
        #expect(wrapped.servers.map(\.name) == ["env"])
        #expect(wrapped.bridgePlace == 0)
    }

    @Test func withoutExecMCPThereIsNoBridge() throws {
        let error = #expect(throws: ServerConfigurationError.self) {
            try selection(#"{"mcpServers": {"a": {"command": "a"}}}"#)
        }
        #expect(error?.message.contains("there is no exec-mcp") == true)
    }

    @Test func inputsAndFilesOfVariablesAreResolvedAsByExecMCP() throws {
        try directory.write("", to: "bin/exec-mcp", mode: 0o755)
        let variables = try directory.write("TOKEN=t\n", to: "vars.env")
        let (selection, warnings) = try selection(
            """
            {"servers": {"a": {"command": "a", "envFile": "\(variables)", "env": {"K": "${input:my-key}"},
                               "exec-mcp": {"tools": {"allow": ["*"]}}},
                         "b": {"command": "b", "args": ["${input:other}"]}}}
            """, variables: ["EXEC_MCP_INPUT_MY_KEY": "k"])
        #expect(selection.bridged.map(\.environment) == [["TOKEN": "t", "K": "k"]])
        #expect(selection.bridged[0].settings == ["tools": ["allow": ["*"]]])
        #expect(warnings.count == 1)
        #expect(warnings[0].contains("set the environment variable EXEC_MCP_INPUT_OTHER"))
    }

    @Test(arguments: [false, true])
    func theFileIsPrivateAndHasNothingLeftToResolveAndIsRemoved(isNamed: Bool) throws {
        var entry = ToolServerEntry(name: "a", command: "a", arguments: ["${NO}", "{env:X}"])
        entry.environment = ["KEY": "se${cr}et", "OTHER": "${input:x}"]
        entry.workingDirectory = "/w"
        entry.startSeconds = 2.5
        entry.settings = ["timeout": 5]
        var box = ToolServerEntry(name: "exec-mcp", command: "exec-mcp")
        var path = ""
        do {
            let handover = try BridgeHandover(
                [entry], environment: ["XDG_RUNTIME_DIR": directory.path], isNamed: isNamed)
            handover.apply(to: &box, environment: [:])
            path = try #require(box.environment["MCP_EXECUTOR_MCP_CONFIG"])
            if isNamed {
                #expect(path.hasPrefix("\(directory.path)/exec-agent-"))
            } else if path.hasPrefix("/proc/") {
                #expect(Files.names(in: directory.path).isEmpty, "nothing that could be left behind")
            }
            #expect(box.arguments.isEmpty)
            var status = stat()
            #expect(stat(path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
            // More than once: exec-mcp may be started again.
            for _ in 0..<2 {
                let read = try ServersFile.read(path, variables: [:], program: "exec-mcp") { _ in }
                #expect(read == [entry])
            }
            withExtendedLifetime(handover) {}
        }
        #expect(!Files.isRegularFile(path))
        #expect(Files.names(in: directory.path).isEmpty)
    }

    @Test func whatExecMCPReadsAnywayIsStillRead() throws {
        let handover = try BridgeHandover([], environment: ["TMPDIR": directory.path], isNamed: true)
        defer { handover.remove() }
        var entry = ToolServerEntry(name: "x", command: "exec-mcp")
        handover.apply(to: &entry, environment: ["MCP_EXECUTOR_MCP_CONFIG": "/a.json:/b.json"])
        #expect(entry.environment["MCP_EXECUTOR_MCP_CONFIG"]?.hasPrefix("/a.json:/b.json:\(directory.path)/") == true)
        entry.environment["MCP_EXECUTOR_MCP_CONFIG"] = "/c.json"
        handover.apply(to: &entry, environment: ["MCP_EXECUTOR_MCP_CONFIG": "/a.json"])
        #expect(entry.environment["MCP_EXECUTOR_MCP_CONFIG"]?.hasPrefix("/c.json:\(directory.path)/") == true)
        for arguments in [["--mcp-config", "/d.json"], ["--mcp-config=/d.json"]] {
            var flagged = ToolServerEntry(name: "x", command: "exec-mcp", arguments: arguments)
            handover.apply(to: &flagged, environment: [:])
            #expect(flagged.arguments.dropLast() == arguments + ["--mcp-config"])
            #expect(flagged.environment.isEmpty)
        }
    }

    @Test func aPlaceWithAColonOrWithoutRightsIsNotUsed() throws {
        try directory.makeDirectory("a:b")
        let variables = ["XDG_RUNTIME_DIR": "\(directory.path)/a:b", "TMPDIR": "\(directory.path)/none"]
        let handover = try BridgeHandover([], environment: variables, isNamed: true)
        defer { handover.remove() }
        var entry = ToolServerEntry(name: "x", command: "exec-mcp")
        handover.apply(to: &entry, environment: [:])
        #expect(entry.environment["MCP_EXECUTOR_MCP_CONFIG"]?.hasPrefix("/tmp/exec-agent-") == true)
    }

    @Test(arguments: [
        (9_612, 487, "is about 9130 tokens shorter than with their definitions (about 9610, instead of which"),
        (42, 480, "is about 440 tokens longer than with their definitions (about 42, instead of which"),
        (123_456, 600, "about 122900 tokens shorter"),
    ])
    func itIsSaidWhatThatSavesOrCosts(schemas: Int, prompt: Int, part: String) {
        let servers = [BridgeReport.Server(name: "git\u{1B}[31m", tools: 12), BridgeReport.Server(name: "b", tools: 1)]
        let text = BridgeNotice.text(
            of: BridgeReport(servers: servers, schemaTokens: schemas, promptTokens: prompt))
        #expect(text.hasPrefix("--bridge: code calls 13 tools of git\u{FFFD}[31m, b; "))
        #expect(text.contains(part), "\(text)")
    }
}

/// What the agent does with a server's word on its bridge.
@Suite(.timeLimit(.minutes(3))) struct BridgedServersTests {
    private let fixture = Fixture()
    private let reports = Recorder<BridgeReport>()

    private func withServer(
        meta: String, _ body: (ToolServers) async throws -> Void
    ) async throws {
        let entry = ToolServerEntry.fake(
            """
            count = 0
            def handle(message):
                global count
                if message["method"] == "tools/list":
                    answer(message, {"tools": [{"name": "execute_bash", "inputSchema": {"type": "object"}}]})
                elif message["method"] == "prompts/list":
                    answer(message, {"prompts": [{"name": "agent_system_prompt"}]})
                else:
                    count += 1
                    answer(message, {"messages": [
                        {"role": "user", "content": {"type": "text", "text": f"prompt {count}"}}]} | \(meta))
            serve(handle)
            """, name: "box")
        let bridge = ToolServers.Bridge(place: 0, names: ["git", "time"]) { [reports] in reports.record($0) }
        try await fixture.withServers([entry], bridge: bridge, body)
    }

    private static func meta(_ servers: String) -> String {
        #"{"_meta": {"exec-mcp/bridge": {"servers": \#(servers), "schemaTokens": 900, "promptTokens": -5}}}"#
    }

    @Test func theReportIsPassedOnOnceAndTheServersAreListed() async throws {
        let servers = #"[{"name": "git", "tools": 12}, {"name": "time", "tools": 0, "error": "it died"}, {}, 7]"#
        try await withServer(meta: Self.meta(servers)) { tools in
            #expect(tools.bridgedServers.map(\.name) == ["git", "time"])
            for _ in 0..<2 {
                let offered = try await tools.tools()
                #expect(offered.map(\.name) == ["execute_bash"])
            }
            let expected = [
                BridgeReport.Server(name: "git", tools: 12),
                BridgeReport.Server(name: "time", tools: 0, failure: "it died"),
            ]
            #expect(
                reports.elements == [BridgeReport(servers: expected, schemaTokens: 900, promptTokens: 0)])
            #expect(tools.bridgedServers == expected)
            #expect(
                await tools.health() == [
                    ToolServerHealth(name: "box", state: .running),
                    ToolServerHealth(name: "git", state: .stopped, isBridged: true),
                    ToolServerHealth(name: "time", state: .failed("it died"), isBridged: true),
                ])
        }
    }

    @Test func aPromptThatLacksToolsIsFetchedAgainSoon() async throws {
        try await withServer(meta: Self.meta(#"[{"name": "git", "tools": 0, "error": "not yet"}]"#)) { tools in
            _ = try await tools.tools()
            #expect(await tools.systemPrompt(for: nil) == "prompt 1")
            fixture.time.pass(ServerPrompt.incompleteLifetime)
            #expect(await tools.systemPrompt(for: nil) == "prompt 2")
        }
        try await withServer(meta: Self.meta(#"[{"name": "git", "tools": 1}]"#)) { tools in
            _ = try await tools.tools()
            fixture.time.pass(ServerPrompt.incompleteLifetime)
            #expect(await tools.systemPrompt(for: nil) == "prompt 1")
        }
    }

    @Test(arguments: ["{}", #"{"_meta": {"exec-mcp/bridge": 1}}"#, #"{"_meta": {"exec-mcp/bridge": {"servers": {}}}}"#])
    func aServerWithoutABridgeIsAnErrorThatSaysWhatToDo(meta: String) async throws {
        try await withServer(meta: meta) { tools in
            let error = await #expect(throws: ToolServerError.self) { try await tools.tools() }
            let beginning = "box doesn't accept the servers of --mcp-config: it isn't exec-mcp"
            #expect(error?.message.hasPrefix(beginning) == true)
            #expect(error?.message.contains("Leave out --bridge") == true)
        }
    }
}
