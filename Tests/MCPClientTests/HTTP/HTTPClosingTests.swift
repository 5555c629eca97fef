import MCPClient
import MCPClientTestSupport
import TestSupport
import Testing

/// What a server with a URL learns of requests that nobody waits for any more.
@Suite(.timeLimit(.minutes(3))) struct HTTPClosingTests {
    /// Calls never end, and cancellations are noted.
    private static let hanging = """
        session = None
        def call(h, m):
            note("called", m["id"])
            h.stream()
            h.closed()
        def answer(h, m):
            if m.get("method") == "notifications/cancelled": note("cancelled", m["params"]["requestId"])
            usual(h, m)

        """

    private func ids(_ journal: [String], _ word: String) -> Set<String> {
        Set(journal.filter { $0.hasPrefix("\(word) ") }.map { String($0.dropFirst(word.count + 1)) })
    }

    @Test(arguments: [0, 20, 11])
    func aLegacyServerLearnsOfAllOpenCallsWhenTheConnectionIsClosed(cancelled: Int) async throws {
        let server = try FakeHTTPServer(Self.hanging)
        let client = try await server.start(limits: .patient { $0.closingSeconds = 100 })
        let calls = (0..<20).map { _ in Task { try await client.text("t", timeLimit: nil) } }
        let journal = try await server.journal.wait { ids($0, "called").count == 20 }
        calls.prefix(cancelled).forEach { $0.cancel() }
        await client.close()
        for call in calls { _ = await call.result }
        try await server.journal.wait { ids($0, "cancelled") == ids(journal, "called") }
    }

    @Test func aCancellationThatTheServerDoesNotTakeEndsWithTheConnection() async throws {
        let server = try FakeHTTPServer(
            """
            session = None
            def call(h, m):
                note("called")
                h.stream()
                h.closed()
            def answer(h, m):
                if m.get("method") != "notifications/cancelled": return usual(h, m)
                if h.closed(): note("given up")
            """)
        let client = try await server.start(limits: .patient { $0.closingSeconds = 0.1 })
        let call = Task { try await client.text("t", timeLimit: nil) }
        try await server.journal.wait { $0.contains("called") }
        await client.close()
        _ = await call.result
        // A curl that the server has not heard of yet is ended as well, without a connection.
        #expect(try await !server.stopped().contains { $0.hasPrefix("ERROR") })
    }

    @Test func aCallThatWasNeverSentIsNotCancelled() async throws {
        let server = try FakeHTTPServer(Self.hanging)
        let client = try await server.start(limits: .patient { $0.closingSeconds = 100 })
        let calls = (0..<32).map { _ in Task { try await client.text("t", timeLimit: nil) } }
        try await server.journal.wait { ids($0, "called").count == 32 }
        for _ in 0..<3 {
            await #expect(throws: MCPClientError.timedOut(seconds: 0.01)) {
                try await client.text("late", timeLimit: 0.01)
            }
        }
        await client.close()
        for call in calls { _ = await call.result }
        let journal = try await server.stopped()
        #expect(ids(journal, "cancelled") == ids(journal, "called"))
    }

    @Test(arguments: [400, 404, 500, 302])
    func anErrorThatTricklesTakesNoTime(status: Int) async throws {
        let server = try FakeHTTPServer(
            """
            session = None
            def call(h, m):
                h.send_response(\(status))
                h.send_header("Content-Type", "text/plain")
                h.send_header("Content-Length", "1000")
                h.end_headers()
                h.wfile.write(b"no")
                if h.closed(): note("closed")
            """)
        try await server.with(limits: .patient { $0.errorBodySeconds = 0.1 }) { client in
            let error = await #expect(throws: MCPClientError.self) { try await client.text("t", timeLimit: nil) }
            #expect(error?.description.contains("HTTP status \(status)") == true, "\(String(describing: error))")
            try await server.journal.wait { $0.contains("closed") }
        }
    }

    @Test func anErrorWithoutEndIsReadInPart() async throws {
        let server = try FakeHTTPServer(
            """
            session = None
            def call(h, m):
                h.send_response(500)
                h.send_header("Content-Type", "text/plain")
                h.send_header("Connection", "close")
                h.end_headers()
                try:
                    while True: h.wfile.write(b"x" * 10_000)
                finally: note("closed")
            """)
        try await server.with(limits: .patient { $0.errorBodySeconds = 1000 }) { client in
            let error = await #expect(throws: MCPClientError.self) { try await client.text("t", timeLimit: nil) }
            #expect(error?.description.contains("HTTP status 500") == true, "\(String(describing: error))")
            try await server.journal.wait { $0.contains("closed") }
        }
    }
}
