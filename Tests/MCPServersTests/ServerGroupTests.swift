import JSON
import MCP
import MCPClient
import MCPServersTestSupport
import TestSupport
import Testing

@testable import MCPServers

/// Several servers together, without a model.
@Suite(.timeLimit(.minutes(3))) struct ServerGroupTests {
    private let fixture = Fixture()

    /// A server that says its name, and everything else that no model reads.
    private static func entry(_ name: String, tools: [String]) -> ToolServerEntry {
        ToolServerEntry.fake(
            """
            def handle(message):
                if message["method"] == "tools/list":
                    answer(message, {"tools": [
                        {"name": tool, "inputSchema": {"type": "object"}, "outputSchema": {"type": "object"},
                        "annotations": {"readOnlyHint": True}} for tool in \(JSON.array(tools.map(JSON.string)).text)]})
                else:
                    answer(message, {"content": [{"type": "audio", "data": "AAEC", "mimeType": "audio/wav"}],
                        "structuredContent": [message["params"]["name"], "\(name)"], "_meta": {"k": 1}})
            serve(handle)
            """, name: name)
    }

    @Test func hasEveryToolOnceWithAllThatItsServerSaysOfIt() async throws {
        let entries = [Self.entry("one", tools: ["read", "a.b"]), Self.entry("two", tools: ["read"])]
        try await fixture.withGroup(entries) { group in
            let tools = try await group.allTools()
            #expect(tools.map(\.name) == ["read", "a_b", "two_read"])
            #expect(tools.map(\.tool.name) == ["read", "a.b", "read"])
            #expect(tools.map(\.server.name) == ["one", "one", "two"])
            #expect(tools.allSatisfy { $0.tool.outputSchema == ["type": "object"] })
            #expect(tools.allSatisfy { $0.tool.annotations == ["readOnlyHint": true] })
            #expect(group.toolNames.sorted() == ["a_b", "read", "two_read"])
            #expect(group.tool(named: "a.b") == nil)
            let place = try #require(group.tool(named: "two_read"))
            let raw = try await place.server.use(again: false) { (client) throws(MCPClientError) in
                try await client.callToolRaw(place.name, [:], timeLimit: 60)
            }
            #expect(raw.structuredContent == ["read", "two"])
            #expect(raw.content == [["type": "audio", "data": "AAEC", "mimeType": "audio/wav"]])
            #expect(raw.meta == ["k": 1])
        }
        #expect(fixture.notices.elements.isEmpty)
    }

    @Test func noticesAServerThatIsDoneWithout() async throws {
        let broken = ToolServerEntry(name: "broken", command: "/nowhere/at-all")
        let reason = SupervisionError.toStart("there is no program at /nowhere/at-all")
        try await fixture.withGroup([broken, Self.entry("good", tools: ["t"])]) { group in
            #expect(group.servers.allSatisfy(group.isReachable), "nobody knows yet")
            let tools = try await group.allTools()
            #expect(tools.map(\.name) == ["t"])
            #expect(group.servers.map(group.isReachable) == [false, true])
        }
        #expect(fixture.notices.elements == [.failed(server: "broken", reason)])
        try await fixture.withGroup([broken]) { group in
            await #expect(throws: reason.error(of: "broken")) { try await group.allTools() }
        }
    }

    @Test func noticesToolsThatAServerDoesNotHave() async throws {
        var entry = Self.entry("one", tools: ["read"])
        entry.tools = try ToolFilter(members: ["enabled_tools": ["read", "reed"]])
        try await fixture.withGroup([entry]) { group in
            _ = try await group.allTools()
            _ = try await group.allTools()
        }
        #expect(fixture.notices.elements == [.unknownTools(server: "one", names: ["reed"])])
    }

    @Test func readsAResourceFromTheServerThatHasIt() async throws {
        func entry(_ name: String) -> ToolServerEntry {
            ToolServerEntry.fake(
                """
                def handle(message):
                    uri = message["params"]["uri"]
                    if uri == "a:\(name)": answer(message, {"contents": [{"uri": uri, "text": "\(name)"}]})
                    else: refuse(message, -32002, "no such resource")
                serve(handle)
                """, name: name)
        }
        try await fixture.withGroup([entry("one"), entry("two")]) { group in
            let two = try await group.readResource("a:two", meta: [:])
            #expect(two?.bytes == Array("two".utf8))
            let none = try await group.readResource("a:three", meta: [:])
            #expect(none == nil)
        }
    }

    @Test func passesAServersQuestionsToItsOwner() async throws {
        struct Owner: ElicitationHandler {
            let modes: Set<Elicitation.Mode> = [.form]

            func answer(_ elicitation: Elicitation) async -> ElicitationAnswer {
                .accept(["said": .string(elicitation.message)])
            }
        }
        let entry = ToolServerEntry.fake(
            """
            def handle(message):
                given = message["params"].get("inputResponses")
                if given: return answer(message, text(given["q"]["content"]["said"]))
                ask = {"method": "elicitation/create", "params": {"message": "Who?"}}
                answer(message, {"resultType": "input_required", "inputRequests": {"q": ask}})
            serve(handle, "2026-07-28")
            """)
        var fixture = fixture
        fixture.elicitation = Owner()
        try await fixture.withServer(entry) { server in
            let text = try await server.text("ask")
            #expect(text == "Who?")
        }
    }
}
