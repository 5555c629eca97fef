import MCPClient
import TestSupport
import Testing

/// How a client hears that a list has changed.
@Suite(.timeLimit(.minutes(3))) struct ListeningTests {
    private let server = FakeServer()

    @Test func hearsAnOldServerWithoutAsking() async throws {
        let script = """
            def handle(message):
                notify("notifications/prompts/list_changed")
                answer(message, text("ok"))
            serve(handle)
            """
        try await server.with(script) { client in
            _ = try await client.text("t")
        }
        #expect(server.notifications.elements == ["notifications/prompts/list_changed"])
    }

    @Test func asksAModernServerForWhatItTells() async throws {
        let script = """
            def handle(message):
                if message["method"] != "subscriptions/listen": return
                say(json.dumps(message["params"]["notifications"], sort_keys=True))
                key = {"io.modelcontextprotocol/subscriptionId": message["id"]}
                notify("notifications/subscriptions/acknowledged", _meta=key, notifications={})
                notify("notifications/tools/list_changed", _meta=key)
            handle.listens = True
            serve(handle, "2026-07-28", ("tools", "resources"))
            """
        try await server.with(script) { _ in
            try await server.notifications.wait { $0.contains("notifications/tools/list_changed") }
        }
        #expect(server.said.elements == [#"{"resourcesListChanged": true, "toolsListChanged": true}"#])
    }

    @Test func asksAgainWhenTheStreamEndsAndTakesEveryListForChanged() async throws {
        let script = """
            def handle(message):
                say("listening")
                answer(message, {"resultType": "complete"})
            handle.listens = True
            serve(handle, "2026-07-28", ("tools", "prompts"))
            """
        try await server.with(script) { _ in
            try await server.said.wait(forCount: 2)
        }
        #expect(
            server.notifications.elements.prefix(2)
                == ["notifications/prompts/list_changed", "notifications/tools/list_changed"])
    }

    @Test func worksWithAServerThatRefusesToTell() async throws {
        let script = """
            def handle(message):
                if message["method"] == "subscriptions/listen": refuse(message)
                else: answer(message, text("ok"))
            handle.listens = True
            serve(handle, "2026-07-28")
            """
        try await server.with(script) { client in
            let text = try await client.text("t")
            #expect(text == "ok")
            try await server.remarks.wait(forCount: 1)
        }
        #expect(server.remarks.elements == ["it does not report changes: no such method"])
    }
}
