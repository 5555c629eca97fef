import ExecCore
import JSON
import TestSupport
import Testing

@testable import ExecMCP

/// Whose sandboxes a listing of the tools has started. The engine is a program that starts none.
@Suite(.timeLimit(.minutes(3))) struct PrewarmSessionTests {
    private func session(_ change: @escaping (inout Options) -> Void) async throws -> SessionHarness {
        let session = try SessionHarness(engine: "/bin/false", change)
        try await session.initialize("2025-11-25")
        return session
    }

    /// Whose sandbox was started, in order.
    private func started(_ session: SessionHarness, count: Int) async throws -> [String] {
        try await session.log.wait { $0.count { $0.contains("starting sandbox") } >= count }
            .compactMap { $0.firstMatch(of: /starting sandbox mcp-executor-(.*)-/).map { String($0.1) } }
    }

    private func users(_ names: String...) -> [UserID] { names.compactMap { UserID($0) } }

    @Test func theFirstListingStartsTheSandboxOfTheServersUser() async throws {
        let session = try await session { $0.prewarm = true }
        for method in ["ping", "prompts/list", "resources/templates/list"] { _ = try await session.answer(method) }
        _ = try await session.answer("tools/list", ["cursor": "x"])
        #expect(session.log.elements.isEmpty)
        #expect(try await session.answer("tools/list")["result"]?["tools"]?.arrayValue?.count == 4)
        #expect(try await started(session, count: 1) == ["default"])
        await session.close()
    }

    @Test func aListingStartsTheSandboxOfTheUserWhomItNames() async throws {
        let session = try await session { $0.prewarm = true }
        _ = try await session.answer("tools/list", ["_meta": ["x-user-id": "ann"]])
        #expect(try await started(session, count: 1) == ["ann"])
        await session.close()
    }

    @Test func expectedUsersComeAfterTheOneWhoLists() async throws {
        let session = try await session { $0.prewarmUsers = users("bob", "ann") }
        _ = try await session.answer("tools/list", ["_meta": ["x-user-id": "ann"]])
        #expect(Set(try await started(session, count: 2)) == ["ann", "bob"])
        await session.close()
    }

    @Test func aListingForAnImpossibleNameIsAnsweredAllTheSame() async throws {
        let session = try await session { $0.prewarmUsers = users("bob") }
        let answer = try await session.answer("tools/list", ["_meta": ["x-user-id": "../x"]])
        #expect(answer["result"]?["tools"]?.arrayValue?.count == 4)
        #expect(try await started(session, count: 1) == ["bob"])
        await session.close()
    }

    @Test func withoutTheOptionAListingStartsNothing() async throws {
        let session = try await session { _ in }
        _ = try await session.answer("tools/list", ["_meta": ["x-user-id": "ann"]])
        _ = try await session.answer("tools/call", ["name": "execute_bash", "arguments": ["command": "true"]])
        #expect(try await started(session, count: 1) == ["default"])
        await session.close()
    }
}
