import MCPServers
import MCPServersTestSupport
import TestSupport
import Testing

@testable import ExecAgent

/// Where the system prompt comes from, and how long it is kept.
@Suite(.timeLimit(.minutes(3))) struct SystemPromptTests {
    private let fixture = Fixture()

    /// A server whose prompt counts how often it was fetched. A tool says that it has changed.
    private static func counting(_ name: String = "fake") -> ToolServerEntry {
        ToolServerEntry.fake(
            """
            count = 0
            def handle(message):
                global count
                if message["method"] == "prompts/list":
                    answer(message, {"prompts": [{"name": "agent_system_prompt"}, {"name": "another"}]})
                elif message["method"] == "prompts/get":
                    count += 1
                    answer(message, {"messages": [
                        {"role": "user", "content": {"type": "text", "text": f"\(name) {count}"}}]})
                elif message["params"]["name"] == "die":
                    os._exit(1)
                else:
                    notify("notifications/prompts/list_changed")
                    answer(message, text("changed"))
            serve(handle)
            """, name: name)
    }

    @Test func keepsThePromptForAnHour() async throws {
        try await fixture.withServers([Self.counting()]) { servers in
            #expect(await servers.systemPrompt(for: nil) == "fake 1")
            fixture.time.pass(ServerPrompt.lifetime - 1)
            #expect(await servers.systemPrompt(for: nil) == "fake 1")
            fixture.time.pass(1)
            #expect(await servers.systemPrompt(for: nil) == "fake 2")
        }
    }

    @Test func keepsAPromptForEachUser() async throws {
        try await fixture.withServers([Self.counting()]) { servers in
            #expect(await servers.systemPrompt(for: nil) == "fake 1")
            #expect(await servers.systemPrompt(for: "ana") == "fake 2")
            #expect(await servers.systemPrompt(for: nil) == "fake 1")
            #expect(await servers.systemPrompt(for: "ana") == "fake 2")
        }
    }

    @Test func dropsThePromptWhenItChangesOrTheServerIsStartedAgain() async throws {
        try await fixture.withServers([Self.counting()]) { servers in
            #expect(await servers.systemPrompt(for: nil) == "fake 1")
            _ = try await servers.group.servers[0].text("change")
            #expect(await servers.systemPrompt(for: nil) == "fake 2")
            await #expect(throws: SupervisionError.self) { try await servers.group.servers[0].text("die") }
            #expect(await servers.systemPrompt(for: nil) == "fake 1")
        }
    }

    @Test(arguments: [
        "refuse(message, -32603, 'out of order')", "answer(message, {'messages': []})", "answer(message, {})",
    ])
    func takesItsOwnPromptWhereTheServersCannotBeHad(failure: String) async throws {
        let script = """
            failed = False
            def handle(message):
                global failed
                if message["method"] == "prompts/list":
                    answer(message, {"prompts": [{"name": "agent_system_prompt"}]})
                elif not failed:
                    failed = True
                    \(failure)
                else:
                    answer(message, {"messages": [{"role": "user", "content": {"type": "text", "text": "at last"}}]})
            serve(handle)
            """
        try await fixture.withServers([ToolServerEntry.fake(script)]) { servers in
            #expect(await servers.systemPrompt(for: nil) == ToolServers.builtInPrompt)
            #expect(fixture.log.elements.count == 1)
            #expect(fixture.log.elements.first?.hasPrefix("the system prompt lacks the prompt of fake") == true)
            #expect(await servers.systemPrompt(for: nil) == "at last")
        }
    }

    @Test func takesItsOwnPromptWhereThereIsNoServerToAsk() async throws {
        let entries = [ToolServerEntry(name: "x", command: "/nowhere/at-all")]
        try await fixture.withServers(entries) { servers in
            #expect(await servers.systemPrompt(for: nil) == ToolServers.builtInPrompt)
        }
        let silent = ToolServerEntry.fake("serve(None, capabilities=())")
        try await fixture.withServers([silent]) { servers in
            #expect(await servers.systemPrompt(for: nil) == ToolServers.builtInPrompt)
        }
    }

    @Test func joinsWhatSeveralServersSay() async throws {
        let instructed = ToolServerEntry.fake(
            "serve(None, capabilities=('tools',), instructions='Be brief.')", name: "b")
        let entries = [Self.counting("a"), instructed, ToolServerEntry.fake("serve(None, capabilities=())", name: "c")]
        try await fixture.withServers(entries) { servers in
            #expect(await servers.systemPrompt(for: nil) == "a 1\n\nBe brief.")
        }
    }

    @Test func keepsWhatTheOtherServersSayWhereOneCannotBeAsked() async throws {
        let entries = [ToolServerEntry(name: "x", command: "/nowhere/at-all"), Self.counting("a")]
        try await fixture.withServers(entries) { servers in
            #expect(await servers.systemPrompt(for: nil) == "\(ToolServers.builtInPrompt)\n\na 1")
        }
    }
}
