import ExecCore
import JSON
import MCP
import TestSupport
import Testing

@testable import ExecMCP

/// The tasks extension as a session serves it. Without an engine each command ends soon, with a result that says so.
@Suite(.timeLimit(.minutes(3))) struct TaskSessionTests {
    private let session: SessionHarness

    init() throws {
        session = try SessionHarness()
    }

    private func ask(_ method: String, _ params: JSONObject, declares: Bool = true) async throws -> JSON {
        var params = params
        params["_meta"] = [
            MetaKey.protocolVersion: "2026-07-28",
            MetaKey.clientCapabilities: declares ? ["extensions": [ExtensionID.tasks: [:]]] : [:],
        ]
        return try await session.answer(method, .object(params))
    }

    private let call: JSONObject = ["name": "execute_bash", "arguments": ["command": "ls"]]

    @Test func aCallBecomesATaskThatKeepsItsResult() async throws {
        let created = try #require(try await ask("tools/call", call)["result"])
        #expect(created["resultType"] == "task")
        #expect(created["status"] == "working")
        let id = try #require(created["taskId"])
        var state: JSON = .null
        repeat {
            state = try #require(try await ask("tasks/get", ["taskId": id])["result"])
        } while state["status"] == "working"
        #expect(state["resultType"] == "complete")
        #expect(state["status"] == "completed")
        #expect(state["result"]?["isError"] == true)
        #expect(state["result"]?["content"]?.text.contains("No engine") == true)
    }

    @Test func aClientThatDoesNotDeclareTasksGetsTheResult() async throws {
        let answer = try await ask("tools/call", call, declares: false)
        #expect(answer["result"]?["resultType"] == "complete")
    }

    @Test func otherToolsAnswerDirectly() async throws {
        let answer = try await ask("tools/call", ["name": "read_file", "arguments": ["file_path": "a"]])
        #expect(answer["result"]?["resultType"] == "complete")
    }

    @Test func badArgumentsAreAnsweredDirectly() async throws {
        let answer = try await ask("tools/call", ["name": "execute_bash", "arguments": ["cmd": "ls"]])
        #expect(answer["result"]?["isError"] == true)
    }

    @Test(arguments: ["tasks/get", "tasks/update", "tasks/cancel"])
    func refusesWhatIsNoTask(method: String) async throws {
        #expect(try await ask(method, ["taskId": "nix", "inputResponses": [:]]).errorCode == -32602)
        #expect(try await ask(method, ["taskId": 1]).errorCode == -32602)
        let undeclared = try await ask(method, ["taskId": "nix"], declares: false)
        #expect(undeclared.errorCode == -32021)
        #expect(undeclared["error"]?["data"]?["requiredCapabilities"]?["extensions"]?[ExtensionID.tasks] == [:])
    }

    @Test func acknowledgesUpdatesAndCancellations() async throws {
        let id = try #require(try await ask("tools/call", call)["result"]?["taskId"])
        for method in ["tasks/cancel", "tasks/cancel", "tasks/update"] {
            let answer = try await ask(method, ["taskId": id, "inputResponses": [:]])
            #expect(answer["result"]?.objectValue?.keys == ["resultType", "_meta"])
        }
        #expect(try await ask("tasks/update", ["taskId": id]).errorCode == -32602)
    }
}
