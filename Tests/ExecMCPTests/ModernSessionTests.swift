import JSON
import Testing

@testable import ExecMCP

@Suite(.timeLimit(.minutes(3))) struct ModernSessionTests {
    private let session: SessionHarness

    init() throws {
        session = try SessionHarness()
    }

    private func result(_ method: String, _ params: JSONObject = [:]) async throws -> JSON {
        try #require(try await session.answer(method, SessionHarness.modern(params))["result"])
    }

    @Test func saysWhatItIsWithoutAHandshake() async throws {
        let result = try await result("server/discover")
        #expect(
            result["supportedVersions"] == ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"])
        #expect(result["capabilities"]?["tools"] != nil)
        #expect(result["resultType"] == "complete")
        #expect(result["ttlMs"] == 3_600_000)
        #expect(result["cacheScope"] == "public")
        #expect(result["serverInfo"] == nil)
        #expect(result["_meta"]?["io.modelcontextprotocol/serverInfo"]?["name"] == "exec-mcp")
    }

    @Test(arguments: ["tools/list", "prompts/list"])
    func listsWithoutAHandshake(method: String) async throws {
        let result = try await result(method)
        #expect(result["resultType"] == "complete")
        #expect(result["ttlMs"]?.integerValue != nil)
        #expect(result["cacheScope"] == "public")
        #expect(result["_meta"]?["io.modelcontextprotocol/serverInfo"] != nil)
    }

    @Test func callsToolsAndMakesThePromptWithoutAHandshake() async throws {
        let called = try await result("tools/call", ["name": "execute_bash", "arguments": ["command": "ls"]])
        #expect(called["isError"] == true)
        #expect(called["resultType"] == "complete")
        #expect(called["ttlMs"] == nil)
        let prompt = try await result("prompts/get", ["name": "agent_system_prompt"])
        #expect(prompt["messages"]?.arrayValue?.count == 1)
        #expect(prompt["resultType"] == "complete")
        #expect(prompt["ttlMs"] == nil)
    }

    @Test(arguments: [
        "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe", "no/such", "tasks/list",
    ])
    func hasNoneOfTheLegacyMethods(method: String) async throws {
        #expect(try await session.answer(method, SessionHarness.modern()).errorCode == -32601)
    }

    @Test(arguments: ["server/discover", "tools/list"])
    func asksForTheMissingMetadata(method: String) async throws {
        let answer = try await session.answer(method, [:])
        #expect(answer.errorCode == -32602)
        #expect(answer.errorMessage.contains("io.modelcontextprotocol/protocolVersion"))
    }

    @Test func refusesARevisionThatItDoesNotServeByRequest() async throws {
        let meta: JSON = [
            "io.modelcontextprotocol/protocolVersion": "2025-11-25",
            "io.modelcontextprotocol/clientCapabilities": [:],
        ]
        let answer = try await session.answer("tools/list", ["_meta": meta])
        #expect(answer.errorCode == -32022)
        #expect(answer["error"]?["data"]?["requested"] == "2025-11-25")
    }

    @Test func neverFixesTheEra() async throws {
        _ = try await result("server/discover")
        // A client that probes and then shakes hands all the same, with metadata as well.
        let handshake = SessionHarness.modern(["protocolVersion": "2025-03-26"])
        #expect(
            try await session.answer("initialize", handshake)["result"]?["protocolVersion"] == "2025-03-26")
        #expect(try await session.answer("tools/list")["result"]?["resultType"] == nil)
        #expect(try await result("tools/list")["resultType"] == "complete")
        #expect(try await session.answer("ping")["result"] == [:])
        #expect(try await session.answer("ping", SessionHarness.modern()).errorCode == -32601)
        let legacy = try await session.answer("tools/list")
        #expect(legacy["result"]?["tools"]?.arrayValue?.first?["title"] == nil)
        // A second handshake agrees anew.
        try await session.initialize("2025-06-18")
        let later = try await session.answer("tools/list")
        #expect(later["result"]?["tools"]?.arrayValue?.first?["title"] != nil)
    }
}
