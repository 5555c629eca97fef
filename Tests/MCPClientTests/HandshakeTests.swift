import JSON
import MCP
import MCPClient
import MCPClientTestSupport
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct HandshakeTests {
    private let server = FakeServer()

    /// Writes each request, and answers to tools/list.
    private static let telling = """
        def handle(message):
            say(json.dumps(message))
            answer(message, {"tools": []})
        """

    @Test func speaksTheModernRevisionAndNamesItInEachRequest() async throws {
        let script =
            Self.telling + """

                serve(handle, "2026-07-28", instructions="be kind",
                    _meta={"io.modelcontextprotocol/serverInfo": {"name": "new", "version": "2"}})
                """
        try await server.with(script) { client in
            #expect(client.server.revision == .july2026)
            #expect(client.server.name == "new")
            #expect(client.server.instructions == "be kind")
            #expect(client.server.offers("tools"))
            #expect(!client.server.offers("completions"))
            let tools = try await client.listTools()
            #expect(tools.isEmpty)
        }
        let request = try JSON.parse(try #require(server.said.elements.first))
        let meta = try #require(request["params"]?["_meta"])
        #expect(meta["io.modelcontextprotocol/protocolVersion"] == "2026-07-28")
        #expect(meta["io.modelcontextprotocol/clientCapabilities"] == [:])
        #expect(meta["io.modelcontextprotocol/clientInfo"] == ["name": "test", "version": "0"])
    }

    @Test(arguments: [Revision.november2024, .march2025, .june2025, .november2025])
    func shakesHandsWithAnOldServer(revision: Revision) async throws {
        let script = Self.telling + "\nserve(handle, \"\(revision.rawValue)\")"
        try await server.with(script) { client in
            #expect(client.server.revision == revision)
            #expect(client.server.name == "fake")
            #expect(client.server.instructions == nil)
            let tools = try await client.listTools()
            #expect(tools.isEmpty)
        }
        let request = try JSON.parse(try #require(server.said.elements.first))
        #expect(request["params"] == nil)
    }

    @Test func saysThatItIsInitializedBeforeAnythingElse() async throws {
        let script = """
            for message in messages():
                say(message["method"])
                if message["method"] == "initialize":
                    answer(message, {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}})
                elif message["method"] == "tools/list":
                    answer(message, {"tools": []})
                elif "id" in message:
                    refuse(message, -32000, "what?")
            """
        try await server.with(script) { client in
            #expect(client.server.name.isEmpty)
            _ = try await client.listTools()
        }
        #expect(
            server.said.elements == ["server/discover", "initialize", "notifications/initialized", "tools/list"])
    }

    @Test func takesSilenceForAnOldServer() async throws {
        let script = """
            for message in messages():
                if message["method"] == "initialize":
                    answer(message, {"protocolVersion": "2024-11-05", "capabilities": {}})
            """
        try await server.with(script, limits: .patient { $0.probeSeconds = 0.2 }) { client in
            #expect(client.server.revision == .november2024)
            // What a server does not offer is not asked for.
            let tools = try await client.listTools()
            #expect(tools.isEmpty)
        }
    }

    @Test func startsAgainAServerThatEndsAtAMessageThatItDoesNotKnow() async throws {
        let script = """
            for message in messages():
                say(message["method"])
                if message["method"] == "server/discover": sys.exit(3)
                if message["method"] == "initialize":
                    answer(message, {"protocolVersion": "2025-03-26", "capabilities": {}})
            """
        try await server.with(script) { client in
            #expect(client.server.revision == .march2025)
        }
        #expect(server.said.elements.prefix(2) == ["server/discover", "initialize"])
    }

    @Test(arguments: [
        #"answer(message, {"supportedVersions": ["2025-11-25", "2024-11-05"], "capabilities": {}})"#,
        #"answer(message, {"capabilities": {}})"#,
        #"answer(message, {"supportedVersions": "2026-07-28"})"#,
        #"refuse(message, -32022, "no", {"supported": ["2027-01-01", "2025-11-25"], "requested": "2026-07-28"})"#,
        #"refuse(message, -32022, "no", {"supported": 7})"#,
        #"refuse(message, -32602, "initialize first")"#,
        #"write("{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":[]}\n" % message["id"])"#,
    ])
    func shakesHandsAfterAnyOtherAnswer(probe: String) async throws {
        let script = """
            for message in messages():
                if message["method"] == "server/discover":
                    \(probe)
                elif message["method"] == "initialize":
                    answer(message, {"protocolVersion": "2025-11-25", "capabilities": {}})
            """
        try await server.with(script) { client in
            #expect(client.server.revision == .november2025)
        }
    }

    @Test(arguments: [
        (#"answer(message, {"supportedVersions": ["2027-01-01"], "capabilities": {}})"#, "2027-01-01"),
        (#"refuse(message, -32022, "no", {"supported": ["2027-01-01"]})"#, "2027-01-01"),
    ])
    func refusesAServerOfNoKnownRevision(reply: String, named: String) async {
        let error = await #expect(throws: MCPClientError.self) {
            try await server.start("for message in messages():\n    \(reply)")
        }
        guard case .unsupported(let what)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(what.contains(named))
    }

    @Test(arguments: [
        ("'protocolVersion': '1999-12-31'", "the revision 1999-12-31"),
        ("'protocolVersion': '2026-07-28'", "the revision 2026-07-28"),
        ("'protocolVersion': 2025.1", "the revision 2025.1"), ("'protocolVersion': None", "no protocolVersion"),
        ("'serverInfo': None", "no protocolVersion"), ("'serverInfo': 'fake'", "no protocolVersion"),
    ])
    func speaksTheNewestRevisionWithAServerThatNamesNoneThatIsKnown(answer: String, named: String) async throws {
        let script = """
            for m in messages():
                if m["method"] == "server/discover": refuse(m)
                if m["method"] == "initialize": answer(m, {"capabilities": {"tools": {}}, \(answer)})
                if m["method"] == "tools/list": answer(m, {"tools": [{"name": "a", "inputSchema": {}}]})
            """
        try await server.with(script) { client in
            #expect(client.server.revision == .latestLegacy)
            let names = try await client.listTools().map(\.name)
            #expect(names == ["a"])
        }
        let remarks = server.remarks.elements
        try #require(remarks.count == 1, "\(remarks)")
        #expect(remarks[0].contains(named), "\(remarks)")
    }

    @Test(arguments: [
        ("'capabilities': {}", ["a"]), ("'capabilities': None", ["a"]), ("'instructions': 'x'", ["a"]),
        ("'capabilities': {'logging': {}}", ["a"]), ("'capabilities': {'tools': None}", ["a"]),
        ("'capabilities': []", ["a"]), ("'capabilities': ['tools']", ["a"]), ("'capabilities': {'tools': False}", []),
        ("'capabilities': {'prompts': {}}", []),
    ])
    func asksForToolsUnlessAServerSaysThatItHasOtherThings(answer: String, names: [String]) async throws {
        let script = """
            for m in messages():
                if m["method"] == "server/discover": refuse(m)
                if m["method"] == "initialize": answer(m, {"protocolVersion": "2025-06-18", \(answer)})
                if m["method"] == "tools/list": answer(m, {"tools": [{"name": "a", "inputSchema": {}}]})
            """
        try await server.with(script) { client in
            for _ in 0..<2 {
                let found = try await client.listTools().map(\.name)
                #expect(found == names)
            }
        }
        #expect(server.remarks.elements.count <= 1)
    }

    @Test(arguments: ["refuse(m)", "refuse(m, -32603, 'what?')", "answer(m, {})", "pass"])
    func aServerThatDeclaresNothingAndHasNoToolsIsWell(reply: String) async throws {
        let script = """
            for m in messages():
                if m["method"] == "server/discover": refuse(m)
                if m["method"] == "initialize": answer(m, {"protocolVersion": "2025-06-18", "capabilities": {}})
                if m["method"] == "tools/list": \(reply)
            """
        let limits = ClientLimits.patient { $0.probeSeconds = reply == "pass" ? 0.2 : 60 }
        try await server.with(script, limits: limits) { client in
            let tools = try await client.listTools()
            #expect(tools.isEmpty)
        }
        #expect(server.remarks.elements.isEmpty)
    }

    @Test func saysWhenThereIsNoSuchProgram() async {
        await #expect(throws: MCPClientError.cannotStart("cannot start /nowhere/at-all: No such file or directory")) {
            try await MCPClient.start(
                ServerProgram(executable: "/nowhere/at-all", environment: [:]),
                as: ClientIdentity(name: "test", version: "0"))
        }
    }

    @Test func saysHowAServerEndedThatNeverWorked() async {
        await #expect(throws: MCPClientError.ended("exit status 4; it last said: hello / cannot find my heart")) {
            try await server.start("say('hello')\nsay('  cannot find my heart ')\nsys.exit(4)")
        }
    }

    @Test func leavesNoProcessWhenTheStartIsCancelled() async throws {
        let starting = Task { [server] in
            try await server.start("say(os.getpid())\nfor message in messages(): pass")
        }
        let process = try #require(Int32(try await server.said.wait(forCount: 1)[0]))
        starting.cancel()
        await #expect(throws: MCPClientError.cancelled) { _ = try await starting.value }
        #expect(!isAlive(process))
    }

    @Test func startsInItsDirectoryWithItsEnvironmentAndNoOther() async throws {
        let directory = try TemporaryDirectory()
        var program = FakeServer.program(
            """
            say(os.getcwd())
            say(json.dumps(sorted(os.environ)))
            serve(None)
            """)
        program.workingDirectory = directory.path
        program.environment = ["ONLY": "this", "LC_ALL": "C"]
        let client = try await MCPClient.start(
            program, as: ClientIdentity(name: "test", version: "0"),
            handlers: ServerHandlers(onErrorLine: server.said.record))
        await client.close()
        #expect(server.said.elements.first == directory.path)
        #expect(server.said.elements.last?.contains("ONLY") == true)
        #expect(server.said.elements.last?.contains("HOME") == false)
    }
}
