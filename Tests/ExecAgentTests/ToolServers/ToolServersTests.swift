import JSON
import MCP
import MCPServersTestSupport
import OpenAI
import TestSupport
import Testing

@testable import ExecAgent
@testable import MCPServers

/// The tools of several servers together.
@Suite(.timeLimit(.minutes(3))) struct ToolServersTests {
    private let fixture = Fixture()

    /// A server with these tools, each of which answers with its name and what it was called with.
    private static func entry(_ name: String, tools: [String]) -> ToolServerEntry {
        ToolServerEntry.fake(
            """
            tools = \(JSON.array(tools.map(JSON.string)).text)
            def handle(message):
                if message["method"] == "tools/list":
                    say("\(name) lists")
                    answer(message, {"tools": [
                        {"name": tool, "description": "does " + tool, "inputSchema": {"type": "object"}}
                        for tool in tools]})
                elif message["method"] == "tools/call" and message["params"]["name"] == "die":
                    os._exit(1)
                elif message["method"] == "tools/call":
                    answer(message, text(json.dumps(message["params"])))
            serve(handle)
            """, name: name)
    }

    private func call(_ servers: ToolServers, _ tool: String, user: String? = nil) async -> ToolOutcome {
        await servers.call(tool, ["a": 1], user: user, questions: nil) { _ in }
    }

    /// The parameters that a call of `tool` got to its server.
    private func params(_ servers: ToolServers, _ tool: String, user: String? = nil) async throws -> JSON {
        guard case .text(let text)? = await call(servers, tool, user: user).content.first else { return nil }
        return try JSON.parse(text)
    }

    @Test func offersTheToolsOfAllServersAndFindsThemAgain() async throws {
        let entries = [Self.entry("one", tools: ["read", "a.b"]), Self.entry("two", tools: ["read", "write"])]
        try await fixture.withServers(entries) { servers in
            let tools = try await servers.tools()
            #expect(tools.map(\.name) == ["read", "a_b", "two_read", "write"])
            #expect(tools[1] == FunctionTool(name: "a_b", description: "does a.b", parameters: ["type": "object"]))
            for (tool, name) in [("read", "read"), ("a_b", "a.b"), ("two_read", "read"), ("write", "write")] {
                let params = try await params(servers, tool)
                #expect(params["name"] == .string(name))
                #expect(params["arguments"] == ["a": 1])
            }
            let unknown = await call(servers, "nothing")
            #expect(unknown == .failure("There is no tool nothing. The tools: a_b, read, two_read, write."))
        }
    }

    @Test func namesTheUserWhereThereIsOne() async throws {
        try await fixture.withServers([Self.entry("one", tools: ["t"])]) { servers in
            _ = try await servers.tools()
            let anns = try await params(servers, "t", user: "ann")
            #expect(anns["_meta"]?["x-user-id"] == "ann")
            let nobodys = try await params(servers, "t")
            #expect(nobodys["_meta"]?["progressToken"] != nil)
            #expect(nobodys["_meta"]?["x-user-id"] == nil)
        }
    }

    @Test func asksForToolsAgainOnlyWhereTheyChanged() async throws {
        let script = """
            count = 0
            def handle(message):
                global count
                if message["method"] == "tools/list":
                    count += 1
                    answer(message, {"tools": [{"name": f"t{count}", "inputSchema": {}}]})
                elif message["params"]["name"] == "die":
                    os._exit(1)
                else:
                    notify("notifications/tools/list_changed")
                    answer(message, text("changed"))
            serve(handle)
            """
        try await fixture.withServers([ToolServerEntry.fake(script)]) { servers in
            for _ in 0..<3 {
                let names = try await servers.tools().map(\.name)
                #expect(names == ["t1"])
            }
            _ = await call(servers, "t1")
            let changed = try await servers.tools().map(\.name)
            #expect(changed == ["t2"])
            await #expect(throws: SupervisionError.self) { try await servers.group.servers[0].text("die") }
            let restarted = try await servers.tools().map(\.name)
            #expect(restarted == ["t1"])
        }
    }

    @Test func goesOnWithoutAServerThatCannotBeStarted() async throws {
        let entries = [
            ToolServerEntry(name: "broken", command: "/nowhere/at-all"), Self.entry("good", tools: ["t"]),
        ]
        try await fixture.withServers(entries) { servers in
            let names = try await servers.tools().map(\.name)
            #expect(names == ["t"])
            let health = await servers.health()
            #expect(health.map(\.state) == [.failed("there is no program at /nowhere/at-all"), .running])
            #expect(
                fixture.log.elements
                    == ["The tool server broken cannot be started: there is no program at /nowhere/at-all"])
        }
    }

    @Test func failsWhereNoServerCanBeStarted() async throws {
        try await fixture.withServers([ToolServerEntry(name: "broken", command: "/nowhere/at-all")]) { servers in
            await #expect(
                throws: ToolServerError(
                    message: "The tool server broken cannot be started: there is no program at /nowhere/at-all")
            ) { try await servers.tools() }
            #expect(fixture.log.elements.isEmpty, "the error says it")
        }
    }

    @Test func givesNoToolTheNameOfOneThatCannotBeReachedNow() async throws {
        let directory = try TemporaryDirectory()
        let broken = ToolServerEntry.fake(
            """
            if os.path.exists("\(directory.path)/began"): sys.exit(1)
            open("\(directory.path)/began", "w").close()
            def handle(message):
                if message["method"] == "tools/list":
                    answer(message, {"tools": [{"name": "t", "inputSchema": {}}]})
                else: os._exit(1)
            serve(handle)
            """, name: "one")
        try await fixture.withServers([broken, Self.entry("two", tools: ["t"])]) { servers in
            let before = try await servers.tools().map(\.name)
            #expect(before == ["t", "two_t"])
            let lost = await call(servers, "t")
            #expect(lost.isError)
            let after = try await servers.tools().map(\.name)
            #expect(after == ["two_t"])
            let still = await call(servers, "t")
            guard case .text(let text)? = still.content.first else { return }
            #expect(text.hasPrefix("t cannot be called now: the tool server one cannot be started"))
            #expect(fixture.log.elements.last?.hasPrefix("The tool server one cannot be started") == true)
        }
    }

    @Test func saysWhatHappenedToACall() async throws {
        try await fixture.withServers([Self.entry("one", tools: ["t", "die"])]) { servers in
            _ = try await servers.tools()
            let died = await call(servers, "die")
            guard case .text(let text)? = died.content.first, died.isError else {
                Issue.record("\(died)")
                return
            }
            #expect(text.hasPrefix("The tool server one ended while die was running (exit status 1"))
            let params = try await params(servers, "t")
            #expect(params["name"] == "t")
        }
    }

    @Test func cancelsTheCallOfACancelledTask() async throws {
        let script = """
            def handle(message):
                if message["method"] == "tools/list": answer(message, {"tools": [{"name": "t", "inputSchema": {}}]})
                else: say(message["method"])
            serve(handle)
            """
        try await fixture.withServers([ToolServerEntry.fake(script)]) { servers in
            _ = try await servers.tools()
            let call = Task { await self.call(servers, "t") }
            try await fixture.said.wait(forCount: 1)
            call.cancel()
            #expect(await call.value == .failure("The call of t was cancelled."))
            try await fixture.said.wait { $0.last == "notifications/cancelled" }
        }
    }

    @Test func takesTheExitCodeAndTheProgressOfACommand() async throws {
        let script = """
            def handle(message):
                if message["method"] == "tools/list":
                    return answer(message, {"tools": [{"name": "run", "inputSchema": {}}, {"name": "no", "inputSchema": {}}]})
                notify("notifications/progress", progressToken=message["params"]["_meta"]["progressToken"], progress=1,
                    message="half way")
                code = {"structuredContent": {"exit_code": 3}}
                if message["params"]["name"] == "run":
                    answer(message, text("out") | code)
                else:
                    answer(message, {"content": [], "isError": True} | code)
            serve(handle)
            """
        try await fixture.withServers([ToolServerEntry.fake(script)]) { servers in
            _ = try await servers.tools()
            let heard = Recorder<String>()
            let run = await servers.call("run", [:], user: nil, questions: nil, onProgress: heard.record)
            #expect(run == ToolOutcome(content: [.text("out")], exitCode: 3))
            #expect(heard.elements == ["half way"])
            let failed = await servers.call("no", [:], user: nil, questions: nil) { _ in }
            #expect(failed == ToolOutcome(content: [.text(#"{"exit_code":3}"#)], isError: true, exitCode: 3))
        }
    }

    @Test func calledByNameAToolThatIsOffIsNotThere() async throws {
        var entry = ToolServerEntry.fake(
            """
            def handle(message):
                if message["method"] == "tools/list":
                    answer(message, {"tools": [{"name": n, "inputSchema": {"type": "object"}} for n in ["read", "write"]]})
                elif message["method"] == "tools/call":
                    answer(message, text("done"))
                    notify("notifications/tools/list_changed")
            serve(handle)
            """)
        entry.tools = try ToolFilter(members: ["enabled_tools": ["read", "reed"], "disabled_tools": ["write", "w*"]])
        try await fixture.withServers([entry]) { servers in
            let before = try await servers.tools()
            #expect(before.map(\.name) == ["read"])
            let done = await servers.call("read", [:], user: nil, questions: nil) { _ in }
            #expect(done.content == [.text("done")])
            let refused = await servers.call("write", [:], user: nil, questions: nil) { _ in }
            #expect(refused == .failure("There is no tool write. The tools: read."))
            let after = try await servers.tools()
            #expect(after.map(\.name) == ["read"])
        }
        #expect(
            fixture.log.elements.filter { $0.contains("configuration") }
                == ["fake: the configuration names tools that it does not have: reed"])
    }
}
