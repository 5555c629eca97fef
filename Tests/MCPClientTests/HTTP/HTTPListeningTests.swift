import MCPClientTestSupport
import TestSupport
import Testing

@testable import MCPClient

/// How a client hears from a server with a URL that a list has changed.
@Suite(.timeLimit(.minutes(3))) struct HTTPListeningTests {
    private let limits = ClientLimits.patient { $0.reopeningSeconds = 0.01...0.04 }

    @Test(arguments: [
        "h.give(200, {})", "h.give(200, '<html>', 'text/html')", "h.give(202)", "h.give(204)", "h.give(405)",
        "h.give(400)", "(h.send_response(200), h.end_headers(), [h.wfile.write(b'x' * 9999) for _ in range(9999)])",
    ])
    func aServerWithoutAStreamIsAskedOnceAndReportsNothing(answer: String) async throws {
        let server = try FakeHTTPServer(
            """
            changes = True
            def answer(h, m):
                if h.command != "GET": return usual(h, m)
                \(answer)
            """)
        try await server.with(limits: limits) { client in
            try await server.journal.wait { $0.contains("GET -") }
            for _ in 0..<5 { _ = try await client.text("echo") }
        }
        #expect(try await server.stopped().filter { $0 == "GET -" }.count == 1)
        #expect(server.notifications.elements.isEmpty)
    }

    @Test(arguments: ["h.give(503)", "h.give(429)", "h.give(404)", "h.connection.shutdown(2)"])
    func everyStreamThatIsOpenedAgainReportsOnce(answer: String) async throws {
        let server = try FakeHTTPServer(
            """
            changes, asked = True, 0
            def answer(h, m):
                global asked
                if h.command != "GET": return usual(h, m)
                asked += 1
                if asked in (1, 2, 4): return \(answer)
                h.stream()
                if asked == 5: h.closed()
            """)
        try await server.with(limits: limits) { client in
            try await server.notifications.wait(forCount: 6)
            _ = try await client.text("echo")
        }
        let lists = ["tools", "prompts", "resources"].map { "notifications/\($0)/list_changed" }
        #expect(server.notifications.elements == lists + lists)
    }

    @Test func aModernServerReportsOnceWhenItIsBack() async throws {
        let server = try FakeHTTPServer(
            """
            era, changes, asked = "modern", True, 0
            def answer(h, m):
                global asked
                if m.get("method") != "subscriptions/listen": return usual(h, m)
                asked += 1
                if asked in (2, 3, 4): return h.give(503)
                h.stream()
                h.event({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
                    "params": {"_meta": {"io.modelcontextprotocol/subscriptionId": m["id"]}, "notifications": {}}})
                if asked > 1: h.closed()
            """)
        try await server.with(limits: limits) { client in
            try await server.notifications.wait(forCount: 3)
            _ = try await client.text("echo")
        }
        let acknowledged = "notifications/subscriptions/acknowledged"
        #expect(
            server.notifications.elements.sorted()
                == [acknowledged, acknowledged, "notifications/tools/list_changed"])
    }

    @Test func delaysGrowUntilAStreamLasts() {
        var delay = ReopeningDelay(1...60)
        let first = (0..<8).map { _ in delay.next(after: .seconds(59)) }
        #expect(first == [1, 2, 4, 8, 16, 32, 60, 60].map { .seconds($0) })
        #expect(delay.next(after: .seconds(60)) == .seconds(1))
        #expect(delay.next(after: .zero) == .seconds(2))
    }

    @Test func aServerMayAskForALongerDelayAndNotForAnEndlessOne() {
        var delay = ReopeningDelay(1...60)
        #expect(delay.next(after: .zero, wanted: .seconds(9)) == .seconds(9))
        #expect(delay.next(after: .zero, wanted: .milliseconds(1)) == .seconds(2))
        #expect(delay.next(after: .zero, wanted: .seconds(9999)) == .seconds(60))
    }
}
