import ExecCore
import JSON
import MCP
import Testing

@testable import ExecMCP

@Suite(.timeLimit(.minutes(3))) struct LegacySessionTests {
    private let session: SessionHarness

    init() throws {
        session = try SessionHarness()
    }

    @Test(arguments: [
        ("2024-11-05", "2024-11-05"), ("2025-03-26", "2025-03-26"), ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"), ("2026-07-28", "2025-11-25"), ("1900-01-01", "2025-11-25"), ("", "2025-11-25"),
    ])
    func agreesOnARevision(asked: String, agreed: String) async throws {
        let result = try #require(try await session.initialize(asked)["result"])
        #expect(result["protocolVersion"] == .string(agreed))
        #expect(result["capabilities"]?["tools"] != nil)
        #expect(result["capabilities"]?["prompts"] != nil)
        #expect(result["serverInfo"]?["name"] == "exec-mcp")
        #expect(result["serverInfo"]?["version"] == .string(ServerHelp.version))
        #expect(result["instructions"]?.stringValue?.contains("execute_bash") == true)
        #expect(result["resultType"] == nil)
        #expect(result["_meta"] == nil)
    }

    @Test(arguments: [nil, [:], ["protocolVersion": 1], ["protocolVersion": nil]] as [JSON?])
    func refusesAHandshakeWithoutARevision(params: JSON?) async throws {
        #expect(try await session.answer("initialize", params).errorCode == -32602)
        #expect(try await session.answer("tools/list").errorCode == -32602)
    }

    @Test func answersAPingBeforeAndAfterTheHandshake() async throws {
        #expect(try await session.answer("ping", id: 1) == ["jsonrpc": "2.0", "id": 1, "result": [:]])
        try await session.initialize("2025-06-18")
        #expect(try await session.answer("ping", [:], id: "p") == ["jsonrpc": "2.0", "id": "p", "result": [:]])
    }

    @Test(arguments: ["tools/list", "tools/call", "prompts/list", "prompts/get", "no/such"])
    func asksForAHandshakeFirst(method: String) async throws {
        let answer = try await session.answer(method, ["name": "x"])
        #expect(answer.errorCode == -32602)
        #expect(answer.errorMessage.contains("initialize"))
    }

    @Test(arguments: Revision.allCases.filter { !$0.isModern })
    func listsToolsAndPromptsWithTheFieldsOfTheRevision(revision: Revision) async throws {
        try await session.initialize(revision.rawValue)
        let tools = try #require(try await session.answer("tools/list")["result"])
        #expect(tools.objectValue?.keys == ["tools"])
        let tool = try #require(tools["tools"]?.arrayValue?.first)
        #expect((tool["title"] != nil) == (revision >= .june2025))
        #expect((tool["outputSchema"] != nil) == (revision >= .june2025))
        #expect((tool["annotations"] != nil) == (revision >= .march2025))
        let prompts = try #require(try await session.answer("prompts/list", [:])["result"])
        #expect(prompts["prompts"]?.arrayValue?.map { $0["name"] } == ["agent_system_prompt"])
        #expect((prompts["prompts"]?.arrayValue?.first?["title"] != nil) == (revision >= .june2025))
    }

    @Test func makesThePrompt() async throws {
        try await session.initialize("2025-11-25")
        let result = try #require(try await session.answer("prompts/get", ["name": "agent_system_prompt"])["result"])
        let message = try #require(result["messages"]?.arrayValue?.first)
        #expect(message["role"] == "user")
        #expect(message["content"]?["type"] == "text")
        #expect(message["content"]?["text"]?.stringValue?.hasPrefix("# Agentic Code Execution") == true)
    }

    @Test(
        arguments: [
            ("prompts/get", [:]), ("prompts/get", ["name": 1]), ("prompts/get", ["name": "other"]),
            ("prompts/get", ["name": "agent_system_prompt", "arguments": [1]]), ("tools/list", ["cursor": "x"]),
            ("prompts/list", ["cursor": "x"]), ("tools/call", [:]), ("tools/call", ["name": 7]),
            ("tools/call", ["name": "no_such_tool"]), ("tools/call", ["name": "execute_bash", "arguments": ["ls"]]),
            ("tools/call", ["name": "execute_bash", "_meta": 1]),
        ] as [(String, JSON)])
    func refusesBadParameters(method: String, params: JSON) async throws {
        try await session.initialize("2025-11-25")
        #expect(try await session.answer(method, params).errorCode == -32602)
    }

    @Test(
        arguments: [
            "server/discover", "subscriptions/listen", "resources/directory/read", "tasks/get", "tasks/update",
            "tasks/cancel", "skills/list", "skills/get",
        ], ["2024-11-05", "2025-11-25"])
    func asksForMetadataOfWhatOnlyTheModernRevisionHas(method: String, revision: String) async throws {
        try await session.initialize(revision)
        let answer = try await session.answer(method, [:])
        #expect(answer.errorCode == -32602)
        #expect(answer.errorMessage.hasPrefix("_meta lacks \(MetaKey.protocolVersion)"))
    }

    @Test(arguments: [
        ("tasks/result", -32602), ("skills/x", -32602), ("server/x", -32601), ("subscriptions/x", -32601),
    ])
    func takesAnyMethodNamedAfterAnExtensionForTheModernRevisions(method: String, code: Int) async throws {
        try await session.initialize("2025-11-25")
        #expect(try await session.answer(method, [:]).errorCode == code)
    }

    @Test(arguments: [
        "no/such", "", "logging/setLevel", "tools", "notifications/initialized", "sampling/createMessage",
        "resources/updated", "roots/list",
    ])
    func offersNothingElse(method: String) async throws {
        try await session.initialize("2025-11-25")
        #expect(try await session.answer(method).errorCode == -32601)
    }

    @Test(arguments: [
        ("2024-11-05", false), ("2025-03-26", false), ("2025-06-18", false), ("2025-11-25", true),
    ])
    func tellsTheModelOfBadArgumentsWhereTheRevisionSaysSo(revision: String, asResult: Bool) async throws {
        try await session.initialize(revision)
        let answer = try await session.answer("tools/call", ["name": "execute_bash", "arguments": ["cmd": "ls"]])
        #expect((answer.errorCode == -32602) == !asResult)
        #expect((answer["result"]?["isError"] == true) == asResult)
        #expect(answer.text.contains("no argument cmd"))
    }

    @Test(arguments: ["2024-11-05", "2025-11-25"], [0, -1, 601, 1e300] as [JSON])
    func refusesATimeoutOutOfRangeWithoutASandbox(revision: String, timeout: JSON) async throws {
        try await session.initialize(revision)
        let answer = try await session.answer(
            "tools/call", ["name": "execute_bash", "arguments": ["command": "ls", "timeout": timeout]])
        #expect(answer["result"]?["isError"] == true)
        #expect(answer.text.contains("at most 600"))
    }

    @Test func tellsTheModelWhatIsWrongWithTheEngine() async throws {
        try await session.initialize("2025-03-26")
        let answer = try await session.answer("tools/call", ["name": "execute_bash", "arguments": ["command": "ls"]])
        #expect(
            answer["result"]
                == ["content": [["type": "text", "text": "No engine: install one."]], "isError": true])
    }

    @Test(arguments: ["", "a b", "../x", 7, ["ann"], .string(String(repeating: "x", count: 5000))] as [JSON])
    func refusesAUserThatCannotBe(user: JSON) async throws {
        try await session.initialize("2025-11-25")
        let answer = try await session.answer(
            "tools/call",
            ["name": "execute_bash", "arguments": ["command": "ls"], "_meta": ["x-user-id": user]])
        #expect(answer.errorCode == -32602)
        #expect(answer.errorMessage.contains("x-user-id"))
    }

    @Test func servesNoOtherUserWhereTheWorkspaceIsADirectory() async throws {
        let session = try SessionHarness {
            $0.configuration.workspace = .directory(path: "/srv", user: $0.user)
        }
        try await session.initialize("2025-11-25")
        let call: JSONObject = ["name": "execute_bash", "arguments": ["command": "ls"]]
        var other = call
        other["_meta"] = ["x-user-id": "ann"]
        #expect(try await session.answer("tools/call", .object(other)).text.contains("serves only the user default"))
        #expect(try await session.answer("tools/call", .object(call)).text.contains("No engine"))
    }
}
