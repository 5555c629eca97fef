import JSON
import TestSupport
import Testing

@testable import ExecMCP

@Suite(.timeLimit(.minutes(3))) struct BatchSessionTests {
    private let session: SessionHarness
    private let ping = SessionHarness.request("ping", id: 1)

    init() throws {
        session = try SessionHarness()
    }

    /// Sends a batch and gives the answers to it, of which nothing else is to be written meanwhile.
    private func answers(_ batch: JSON) async throws -> [JSON] {
        let before = session.written.elements.count
        session.send(batch)
        let written = try await session.written.wait(forCount: before + 1)
        return try #require(written[before].arrayValue)
    }

    @Test(arguments: [nil, "2024-11-05", "2025-06-18", "2025-11-25"])
    func refusesABatchInAnyOtherRevision(revision: String?) async throws {
        if let revision { try await session.initialize(revision) }
        let before = session.written.elements.count
        session.send([SessionHarness.request("ping", id: "a"), 7, SessionHarness.request("ping", id: "b")])
        session.send([7])
        // Who sent one waits for each of its requests.
        let answers = try await session.written.wait(forCount: before + 3)[before...]
        #expect(answers.map { $0["id"] } == ["a", "b", nil])
        #expect(answers.allSatisfy { $0.errorCode == -32600 })
    }

    @Test func answersABatchWithOneArray() async throws {
        try await session.initialize("2025-03-26")
        let batch: JSON = [
            ping, ["jsonrpc": "2.0", "method": "notifications/x"], SessionHarness.request("no/such", id: 2),
            SessionHarness.request("prompts/get", ["name": "agent_system_prompt"], id: 3), 7, [],
            ["jsonrpc": "2.0", "id": 9, "result": [:]],
            SessionHarness.request("tools/call", ["name": "read_file", "arguments": ["file_path": "a"]], id: 4),
        ]
        let answers = try await answers(batch)
        #expect(answers.count == 6)
        func answer(_ id: JSON) -> JSON? { answers.first { $0["id"] == id } }
        #expect(answer(1)?["result"] == [:])
        #expect(answer(2)?.errorCode == -32601)
        #expect(answer(3)?["result"]?["messages"] != nil)
        #expect(answer(4)?["result"]?["isError"] == true)
        #expect(answers.filter { $0["id"] == nil }.map(\.errorCode) == [-32600, -32600])
    }

    @Test func answersABatchOfNotificationsWithNothing() async throws {
        try await session.initialize("2025-03-26")
        session.send([["jsonrpc": "2.0", "method": "notifications/x"]])
        #expect(try await session.answer("ping")["result"] == [:])
        #expect(session.written.elements.count == 2)
    }

    @Test func refusesAHandshakeInABatch() async throws {
        try await session.initialize("2025-03-26")
        let handshake = SessionHarness.request("initialize", ["protocolVersion": "2025-11-25"], id: 1)
        #expect(try await answers([handshake]).first?.errorCode == -32600)
        #expect(try await answers([ping]).count == 1)
    }
}
