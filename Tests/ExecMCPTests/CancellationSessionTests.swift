import JSON
import TestSupport
import Testing

@testable import ExecMCP

/// Calls that do not end by themselves: the engine is there but no sandbox comes up.
@Suite(.timeLimit(.minutes(3))) struct CancellationSessionTests {
    private let session: SessionHarness
    private let directory: TemporaryDirectory

    init() async throws {
        directory = try TemporaryDirectory()
        let engine = try await directory.writeProgram(
            "#!/bin/sh\n[ \"$1\" = run ] && exec cat > /dev/null\n", to: "engine")
        session = try SessionHarness(engine: engine)
        try await session.initialize("2025-03-26")
    }

    private static let arguments: JSON = ["name": "execute_bash", "arguments": ["command": "true"]]

    private func cancel(_ id: JSON) {
        session.send(["jsonrpc": "2.0", "method": "notifications/cancelled", "params": ["requestId": id]])
    }

    @Test func answersAPingWhileACallIsAtWork() async throws {
        session.send(SessionHarness.request("tools/call", Self.arguments, id: 1))
        #expect(try await session.answer("ping")["result"] == [:])
        await session.close()
        #expect(try await session.answer(to: 1)["result"]?["isError"] == true)
    }

    @Test func writesNothingMoreForACancelledRequest() async throws {
        for id in [1, "1", 2] as [JSON] { session.send(SessionHarness.request("tools/call", Self.arguments, id: id)) }
        cancel(1)
        cancel(1)
        cancel("no such")
        await session.close()
        // The others have ended with the pool.
        _ = try await session.answer(to: "1")
        _ = try await session.answer(to: 2)
        _ = try await session.answer("ping")
        #expect(!session.written.elements.contains { $0["id"] == 1 })
    }

    @Test func refusesAnIDThatIsInUse() async throws {
        session.send(SessionHarness.request("tools/call", Self.arguments, id: 1))
        #expect(try await session.answer("tools/call", Self.arguments, id: 1).errorCode == -32600)
        await session.close()
        let answers = try await session.written.wait { $0.count { $0["id"] == 1 } == 2 }
        #expect(answers.last?["result"]?["isError"] == true)
    }

    @Test func leavesACancelledRequestOutOfItsBatch() async throws {
        let call = SessionHarness.request("tools/call", Self.arguments, id: 1)
        let before = session.written.elements.count
        session.send([call, SessionHarness.request("ping", id: 2)])
        cancel(1)
        let written = try await session.written.wait(forCount: before + 1)
        #expect(written[before] == [["jsonrpc": "2.0", "id": 2, "result": [:]]])
        await session.close()
        _ = try await session.answer("ping")
        #expect(session.written.elements.count == before + 2)
    }
}
