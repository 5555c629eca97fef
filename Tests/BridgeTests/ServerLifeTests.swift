import Bridge
import ExecCore
import JSON
import MCPServers
import TestSupport
import Testing
import Threading

@testable import Bridge

/// How servers start, end and change their tools.
@Suite(.timeLimit(.minutes(3))) struct ServerLifeTests {
    private static func starts(_ harness: Harness) -> Int {
        harness.log.elements.count { $0.contains("says: started") }
    }

    @Test func aServerIsAskedOnceForItsToolsAndThenKnownWithoutAStart() async throws {
        let directory = try TemporaryDirectory()
        let state = StateDirectory(path: "\(directory.path)/state/exec-mcp")
        let entries = [Harness.open(Script.usual)]
        var listings: [JSON] = []
        for round in 1...2 {
            try await Harness.with(entries, state: state) { harness in
                _ = await harness.session.changedModules()
                listings.append(try await harness.connect().ask("tools", ["server": "fake"]))
                #expect(Self.starts(harness) == (round == 1 ? 1 : 0))
            }
        }
        #expect(listings[0] == listings[1])
        #expect(listings[0]["result"]?["tools"]?.arrayValue?.count == 7)
    }

    @Test func modulesAreHandedOutOnceAndAgainAfterAChange() async throws {
        let script = Script.server(
            #"[tool("grow")] + [tool(name) for name in more]"#,
            """
            more = []
            def handle_call(message, name, arguments):
                more.append("grown")
                notify("notifications/tools/list_changed")
                answer(message, text("ok"))
            """)
        try await Harness.with([Harness.open(script)]) { harness in
            let first = await harness.session.changedModules()
            #expect(first?.contains { $0.path == "servers/fake.py" } == true)
            #expect(await harness.session.changedModules() == nil)
            let client = try harness.connect()
            _ = try await client.tool("grow")
            let answer = try await client.tool("grown", id: 2)
            #expect(answer["result"] != nil, "\(answer)")
            let second = await harness.session.changedModules()
            let source = second?.first { $0.path == "servers/fake.py" }.map {
                String(decoding: $0.content, as: UTF8.self)
            }
            #expect(source?.contains("def grown(") == true)
        }
    }

    @Test func aStartThatFailsIsTriedOnceMore() async throws {
        let directory = try TemporaryDirectory()
        let script = """
            if not os.path.exists("\(directory.path)/tried"):
                open("\(directory.path)/tried", "w").close()
                os._exit(3)

            """ + Script.usual
        try await Harness.with([Harness.open(script)]) { harness in
            let answer = try await harness.connect().tool("echo")
            #expect(answer["result"] != nil)
        }
    }

    @Test func aServerThatEndedTwiceFailsAtOnceForHalfAMinute() async throws {
        let time = FakeTime()
        // The time of this clock passes at once, so the server must not be stopped when idle.
        try await Harness.with([Harness.open(Script.usual, ["idle": 0])], clock: time.clock) { harness in
            let client = try harness.connect()
            for id in 1...2 { _ = try await client.tool("die", id: id) }
            try await eventually {
                let answer = try await client.ask("servers", id: 100)
                return answer["result"]?["servers"]?.arrayValue?.first?["state"] == "failed"
            }
            let error = try await client.tool("echo", id: 3)["error"]
            #expect(error?["type"] == "ServerUnavailable")
            #expect(error?["message"]?.stringValue?.hasSuffix("the next attempt is in 30 seconds") == true)
            time.pass(30)
            #expect(try await client.tool("echo", id: 4)["result"] != nil)
        }
    }

    @Test func whatAServerSaidLastIsInTheError() async throws {
        let script = """
            say("no database at", "db.example")
            os._exit(4)
            """
        try await Harness.with([Harness.open(script)]) { harness in
            let message = try await harness.connect().tool("echo")["error"]?["message"]?.stringValue
            #expect(message?.contains("exit status 4") == true)
            #expect(message?.contains("no database at db.example") == true)
        }
    }

    @Test func anIdleServerIsStoppedAndStartedAgainForTheNextCall() async throws {
        let clock = MonotonicClock(now: MonotonicClock.system.now) { seconds in
            // The idle time passes at once; no other wait is so long.
            if seconds != 77 { try await Task.sleep(for: .seconds(seconds)) }
        }
        try await Harness.with([Harness.open(Script.usual, ["idle": 77])], clock: clock) { harness in
            let client = try harness.connect()
            let first = try await client.tool("pid", id: 1)["result"]
            try await eventually {
                let answer = try await client.ask("servers", id: 100)
                return answer["result"]?["servers"]?.arrayValue?.first?["state"] == "idle"
            }
            let second = try await client.tool("pid", id: 2)["result"]
            #expect(first != nil)
            #expect(second != nil)
            #expect(first != second)
        }
    }

    @Test func eachUserHasAProcessOfTheirOwnUnlessItIsShared() async throws {
        for isShared in [false, true] {
            let entry = Harness.open(Script.usual, ["shared": .bool(isShared)])
            try await Harness.with([entry]) { harness in
                let other = try #require(UserID("bob"))
                let first = try await harness.connect(as: Harness.user).tool("pid")["result"]
                let second = try await harness.connect(as: other).tool("pid")["result"]
                #expect((first == second) == isShared)
            }
        }
    }

    @Test func aSilentServerHoldsUpNobodyElse() async throws {
        let silent = Harness.open("threading.Event().wait()", name: "silent")
        try await Harness.with([silent, Harness.open(Script.usual)]) { harness in
            let answer = try await harness.connect().tool("echo")
            #expect(answer["result"] != nil)
        }
    }

    @Test(arguments: [false, true]) func resourcesAndPromptsArePassedOn(isModern: Bool) async throws {
        let script = """
            def handle(message):
                method, params = message.get("method"), message.get("params", {})
                if method == "tools/list": answer(message, {"tools": []})
                elif method == "resources/list":
                    page = int(params.get("cursor", 0))
                    more = {"nextCursor": str(page + 1)} if page < 2 else {}
                    answer(message, {"resources": [{"uri": f"note://{page}", "name": str(page)}]} | more)
                elif method == "resources/read":
                    answer(message, {"contents": [{"uri": params["uri"], "text": "hello"}]})
                elif method == "prompts/list": answer(message, {"prompts": [{"name": "greet"}]})
                elif method == "prompts/get":
                    content = {"type": "text", "text": params["arguments"]["name"]}
                    answer(message, {"messages": [{"role": "user", "content": content}]})
                elif "id" in message: refuse(message)
            serve(handle, version="\(isModern ? "2026-07-28" : "2025-06-18")")
            """
        try await Harness.with([Harness.open(script)]) { harness in
            let client = try harness.connect()
            let resources = try await client.ask("resources", ["server": "fake"], id: 1)["result"]
            #expect(
                resources?["resources"]?.arrayValue?.compactMap { $0["uri"]?.stringValue } == [
                    "note://0", "note://1", "note://2",
                ])
            #expect(resources?["templates"] == [])
            #expect(
                try await client.ask("read", ["server": "fake", "uri": "note://1"], id: 2)["result"]
                    == ["contents": [["uri": "note://1", "text": "hello"]]])
            #expect(
                try await client.ask("prompts", ["server": "fake"], id: 3)["result"] == ["prompts": [["name": "greet"]]]
            )
            let prompt = try await client.ask(
                "prompt", ["server": "fake", "name": "greet", "arguments": ["name": "Ann"]], id: 4)["result"]
            #expect(prompt?["messages"]?.arrayValue?.first?["content"]?["text"] == "Ann")
        }
    }

    @Test func searchDetailsAndLog() async throws {
        try await Harness.with([Harness.open(Script.usual)]) { harness in
            _ = await harness.session.changedModules()
            let client = try harness.connect()
            let found = try await client.ask("search", ["query": "echo"], id: 1)["result"]
            #expect(found?["tools"]?.arrayValue?.first?["name"] == "echo")
            #expect(found?["of"] == 7)
            let tool = try await client.ask("tool", ["server": "fake", "tool": "echo"], id: 2)["result"]
            #expect(tool?["inputSchema"] == ["type": "object"])
            #expect(tool?["docstring"]?.stringValue?.hasPrefix("echo(") == true)
            _ = try await client.tool("echo", id: 3)
            let log = try await client.ask("log", [:], id: 4)["result"]?["calls"]?.arrayValue
            #expect(log?.map { $0["tool"] } == ["echo"])
            #expect(log?.first?["outcome"] == "ok")
        }
    }
}
