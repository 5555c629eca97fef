import Bridge
import ExecCore
import JSON
import MCP
import TestSupport
import Testing

@testable import ExecMCP

/// Questions of calls that became tasks.
@Suite(.timeLimit(.minutes(3))) struct TaskQuestionTests {
    private let filter: AskingFilter
    private let session: SessionHarness

    init() throws {
        try self.init(AskingFilter(rounds: [[.approval, .approval]]))
    }

    /// - Parameter other: what asks instead of `filter`.
    private init(_ filter: AskingFilter, _ other: (any CallInterceptor)? = nil) throws {
        self.filter = filter
        session = try SessionHarness(pipeline: CallPipeline(filters: [other ?? filter]), bridge: .idle())
    }

    /// Leaves a question open when the call ends, or is cancelled.
    private struct LateFilter: CallInterceptor {
        let answers = Recorder<UserAnswer>()
        /// What the call waits for.
        let gate = AsyncGate()

        func intercept(_ call: ToolCall, next: CallHandler) async -> CallResult {
            Task { answers.record(await call.interaction?.ask(.approval) ?? .decline) }
            await gate.wait()
            return .tool(ToolResult(content: []))
        }
    }

    @Test(arguments: [(true, UserAnswer.cancel), (false, .gone)])
    func aQuestionEndsWithItsTask(isCancelled: Bool, answer: UserAnswer) async throws {
        let filter = LateFilter()
        let test = try Self(AskingFilter(), filter)
        let task = try await test.create()
        _ = try await test.state(of: task) { $0["status"] == "input_required" }
        if isCancelled { _ = try await test.ask("tasks/cancel", ["taskId": task]) } else { await filter.gate.open() }
        #expect(try await filter.answers.wait(forCount: 1) == [answer])
        await filter.gate.open()
    }

    private func ask(_ method: String, _ params: JSONObject, elicits: Bool = true) async throws -> JSON {
        var capabilities: JSONObject = ["extensions": [ExtensionID.tasks: [:]]]
        if elicits { capabilities["elicitation"] = [:] }
        var params = params
        params["_meta"] = [MetaKey.protocolVersion: "2026-07-28", MetaKey.clientCapabilities: .object(capabilities)]
        return try #require(try await session.answer(method, .object(params))["result"])
    }

    private func create(elicits: Bool = true) async throws -> JSON {
        let call: JSONObject = ["name": "execute_bash", "arguments": ["command": "ls"]]
        return try #require(try await ask("tools/call", call, elicits: elicits)["taskId"])
    }

    private func state(of task: JSON, until isMeant: (JSON) -> Bool) async throws -> JSON {
        while true {
            let state = try await ask("tasks/get", ["taskId": task])
            if isMeant(state) { return state }
        }
    }

    private func keys(_ state: JSON) -> [String] { state["inputRequests"]?.objectValue?.keys ?? [] }

    @Test func aTaskAsksInItsStateAndGoesOnWithTheAnswers() async throws {
        let task = try await create()
        let asking = try await state(of: task) { keys($0).count == 2 }
        #expect(asking["status"] == "input_required")
        #expect(asking["inputRequests"]?[keys(asking)[0]]?["method"] == "elicitation/create")
        let first = try await ask(
            "tasks/update", ["taskId": task, "inputResponses": .object([keys(asking)[0]: ["action": "decline"]])])
        #expect(first["resultType"] == "complete")
        let rest = try await state(of: task) { keys($0).count == 1 }
        #expect(rest["status"] == "input_required")
        #expect(keys(rest) == [keys(asking)[1]])
        _ = try await ask(
            "tasks/update",
            ["taskId": task, "inputResponses": .object([keys(rest)[0]: ["action": "cancel"], "x": [:]])])
        let ended = try await state(of: task) { $0["status"] == "completed" }
        #expect(ended["inputRequests"] == nil)
        #expect(Set(filter.answers.elements.map(\.text)) == ["decline", "cancel"])
    }

    @Test func aClientThatCannotAskGetsNoQuestions() async throws {
        let task = try await create(elicits: false)
        let ended = try await state(of: task) { $0["status"] == "completed" }
        #expect(ended["result"]?["content"]?.arrayValue?.first?["text"] == "nobody can be asked")
    }

    @Test func aCancelledTaskWithdrawsItsQuestions() async throws {
        let task = try await create()
        _ = try await state(of: task) { $0["status"] == "input_required" }
        _ = try await ask("tasks/cancel", ["taskId": task])
        #expect(try await filter.answers.wait(forCount: 2) == [.cancel, .cancel])
        let state = try await ask("tasks/get", ["taskId": task])
        #expect(state["status"] == "cancelled")
        #expect(state["inputRequests"] == nil)
        // Late answers change nothing.
        _ = try await ask("tasks/update", ["taskId": task, "inputResponses": ["question-1": ["action": "accept"]]])
    }

    @Test func aStreamReportsThatATaskAsks() async throws {
        let task = try await create()
        _ = try await state(of: task) { $0["status"] == "input_required" }
        let listen: JSONObject = [
            "notifications": ["taskIds": [task]],
            "_meta": [
                MetaKey.protocolVersion: "2026-07-28",
                MetaKey.clientCapabilities: ["extensions": [ExtensionID.tasks: [:]]],
            ],
        ]
        session.send(SessionHarness.request("subscriptions/listen", .object(listen), id: "L"))
        let asking = try await ask("tasks/get", ["taskId": task])
        _ = try await ask(
            "tasks/update", ["taskId": task, "inputResponses": .object([keys(asking)[0]: ["action": "decline"]])])
        let messages = try await session.written.wait { messages in
            messages.contains { $0["method"] == "notifications/tasks" && $0["params"]?["inputRequests"] != nil }
        }
        let notified = messages.last { $0["method"] == "notifications/tasks" }
        #expect(notified?["params"]?["status"] == "input_required")
        await session.close()
    }
}
