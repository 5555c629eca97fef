import ExecCore
import JSON
import JSONRPC
import MCP
import TestSupport
import Testing
import Threading

@testable import ExecMCP

@Suite(.timeLimit(.minutes(3))) struct TaskStoreTests {
    private let told = Recorder<JSONObject>()
    private let tasks: TaskStore
    private let ann: UserID
    private let bob: UserID

    init() throws {
        ann = try #require(UserID("ann"))
        bob = try #require(UserID("bob"))
        tasks = TaskStore { [told] change in
            if case .task(_, _, let state) = change { told.record(state) }
        }
    }

    private func start(
        _ work: @escaping @Sendable (Progress) async -> Result<JSONObject, RPCError>
    ) throws -> String {
        let state = try tasks.start(for: ann, work)
        #expect(state["status"] == "working")
        #expect(state["ttlMs"] == .null)
        return try #require(state["taskId"]?.stringValue)
    }

    @Test func keepsTheResult() async throws {
        let id = try start { _ in .success(["a": 1]) }
        try await told.wait(forCount: 1)
        let state = try #require(tasks.state(of: id, user: ann))
        #expect(state["status"] == "completed")
        #expect(state["result"] == ["a": 1])
        #expect(state["error"] == nil)
        #expect(state["pollIntervalMs"] == nil)
        #expect(told.elements == [state])
    }

    @Test func keepsTheError() async throws {
        let id = try start { _ in .failure(.internalError("why")) }
        try await told.wait(forCount: 1)
        #expect(tasks.state(of: id, user: ann)?["status"] == "failed")
        #expect(tasks.state(of: id, user: ann)?["error"] == ["code": -32603, "message": "why"])
    }

    @Test func saysHowFarTheWorkIs() async throws {
        let gate = AsyncGate()
        let said = Recorder<Bool>()
        let id = try start { progress in
            progress.report?("half of it")
            said.record(true)
            await gate.wait()
            return .success([:])
        }
        try await said.wait(forCount: 1)
        #expect(tasks.state(of: id, user: ann)?["statusMessage"] == "half of it")
        #expect((tasks.state(of: id, user: ann)?["pollIntervalMs"]?.integerValue ?? 0) > 0)
        await gate.open()
        try await told.wait(forCount: 1)
        #expect(tasks.state(of: id, user: ann)?["statusMessage"] == nil)
    }

    @Test func aCancelledTaskStaysCancelled() async throws {
        let ended = Recorder<Bool>()
        let id = try start { _ in
            try? await Task.sleep(for: .seconds(600))
            ended.record(Task.isCancelled)
            return .success(["late": true])
        }
        #expect(tasks.cancel(id, user: ann))
        #expect(try await ended.wait(forCount: 1) == [true])
        #expect(tasks.cancel(id, user: ann))
        #expect(tasks.state(of: id, user: ann)?["status"] == "cancelled")
        #expect(tasks.state(of: id, user: ann)?["result"] == nil)
        #expect(told.elements.count == 1)
    }

    @Test func cancellingWhatHasEndedChangesNothing() async throws {
        let id = try start { _ in .success([:]) }
        try await told.wait(forCount: 1)
        #expect(tasks.cancel(id, user: ann))
        #expect(tasks.state(of: id, user: ann)?["status"] == "completed")
    }

    @Test func aTaskIsItsUsersAlone() throws {
        let id = try start { _ in .success([:]) }
        #expect(tasks.state(of: id, user: bob) == nil)
        #expect(!tasks.cancel(id, user: bob))
        #expect(tasks.state(of: "nix", user: ann) == nil)
    }

    @Test func noTwoTasksHaveOneName() throws {
        let ids = try (0..<100).map { _ in try start { _ in .success([:]) } }
        #expect(Set(ids).count == 100)
        #expect(ids.allSatisfy { $0.count == 32 })
    }

    @Test func boundsTheWorkThatIsUnderWay() async throws {
        let gate = AsyncGate()
        for _ in 0..<TaskStore.maxWorking {
            _ = try start { _ in
                await gate.wait()
                return .success([:])
            }
        }
        let error = #expect(throws: RPCError.self) { try start { _ in .success([:]) } }
        #expect(error?.message.contains("tasks are running") == true)
        await gate.open()
        try await told.wait(forCount: TaskStore.maxWorking)
        _ = try start { _ in .success([:]) }
    }

    @Test func forgetsTheOldestResultsWhenThereIsNoMoreRoom() async throws {
        let text = JSON.string(String(repeating: "x", count: TaskStore.maxResultBytes / 3))
        var ids: [String] = []
        for number in 1...4 {
            ids.append(try start { _ in .success(["text": text]) })
            try await told.wait(forCount: number)
        }
        #expect(tasks.state(of: ids[0], user: ann) == nil)
        #expect(tasks.state(of: ids[3], user: ann) != nil)
    }
}
