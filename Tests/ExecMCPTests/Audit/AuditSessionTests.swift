import Diagnostics
import ExecCore
import JSON
import MCP
import SystemCalls
import TestSupport
import Testing

@testable import ExecMCP

/// What a session records. There is an engine, but no sandbox comes up before the server ends.
@Suite(.timeLimit(.minutes(3))) struct AuditSessionTests {
    private let session: SessionHarness
    private let directory: TemporaryDirectory
    private let log: AuditLog

    init() async throws {
        directory = try TemporaryDirectory()
        let engine = try await directory.writeProgram(
            "#!/bin/sh\n[ \"$1\" = run ] && exec cat > /dev/null\n", to: "engine")
        log = try AuditLog(path: "\(directory.path)/log", logger: Logger(program: "exec-mcp", level: .error) { _ in })
        session = try SessionHarness(engine: engine, audit: log)
    }

    private func send(_ method: String, _ params: JSONObject, id: JSON, meta: JSONObject = [:]) {
        var all: JSONObject = [MetaKey.protocolVersion: "2026-07-28", MetaKey.clientCapabilities: [:]]
        for member in meta { all[member.key] = member.value }
        var params = params
        params["_meta"] = .object(all)
        session.send(SessionHarness.request(method, .object(params), id: id))
    }

    /// The lines once every call has its own.
    private func lines() async throws -> [JSON] {
        try await onThread { [log] in log.waitForEnd() }
        let content = try #require(Files.read("\(directory.path)/log", limit: 1 << 20))
        return try content.split(separator: UInt8(ascii: "\n")).map { try JSON.parse(Array($0)) }
    }

    private let call: JSONObject = ["name": "execute_bash", "arguments": ["command": "ls"]]

    @Test func refusedCallsHaveALineToo() async throws {
        send("tools/call", ["name": "nix"], id: 1)
        send("tools/call", ["arguments": [:]], id: 2)
        send("tools/call", ["name": "execute_bash", "arguments": 5], id: 3)
        send("tools/call", ["name": "execute_bash", "arguments": ["command": 5]], id: 4)
        send("tools/call", ["name": "execute_bash", "arguments": ["command": "ls", "timeout": 0]], id: 5)
        send("tools/call", call, id: 6, meta: ["x-user-id": "../x"])
        send("resources/read", ["uri": "artifact:///a"], id: 7, meta: ["x-user-id": 5])
        for id in 1...7 { _ = try await session.answer(to: .integer(id)) }
        let lines = try await lines()
        #expect(lines.count == 7)
        #expect(lines.allSatisfy { $0["outcome"] == "error" && $0["error"]?.stringValue?.isEmpty == false })
        #expect(lines.count { $0["user"] == .null } == 2)
        #expect(lines.count { $0["tool"] == .null } == 1)
        #expect(lines.contains { $0["tool"] == "resources/read" && $0["arguments"] == ["uri": "artifact:///a"] })
    }

    @Test func aCancelledCallHasALineThoughItGetsNoAnswer() async throws {
        send("tools/call", call, id: 1, meta: ["traceparent": .string("00-\(trace)-00f067aa0ba902b7-01")])
        session.send(["jsonrpc": "2.0", "method": "notifications/cancelled", "params": ["requestId": 1]])
        await session.close()
        let lines = try await lines()
        #expect(lines.map { $0["outcome"] } == ["cancelled"])
        #expect(lines.first?["trace_id"] == .string(trace))
        #expect(lines.first?["bytes"] == 0)
    }

    private let trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    @Test func aCallThatIsDroppedBeforeItRunsHasALine() async throws {
        send("tools/call", call, id: 1)
        send("tools/call", call, id: 1)
        await session.close()
        let lines = try await lines()
        #expect(lines.count == 2)
        #expect(lines.count { $0["error"]?.stringValue?.contains("refused before it ran") == true } == 1)
    }

    @Test func aTaskIsRecordedUnderItsNameWhenItEnds() async throws {
        let declared: JSONObject = [MetaKey.clientCapabilities: ["extensions": [ExtensionID.tasks: [:]]]]
        for id in 1...2 { send("tools/call", call, id: .integer(id), meta: declared) }
        let names = try await [session.answer(to: 1), session.answer(to: 2)].map { $0["result"]?["taskId"] }
        send("tasks/cancel", ["taskId": try #require(names[0])], id: 3, meta: declared)
        _ = try await session.answer(to: 3)
        await session.close()
        let lines = try await lines()
        #expect(lines.count == 2)
        #expect(lines.first { $0["task_id"] == names[0] }?["outcome"] == "cancelled")
        #expect(lines.first { $0["task_id"] == names[1] }?["outcome"] == "error")
    }

    @Test func onlyCallsAndArtifactsAreRecorded() async throws {
        send("resources/read", ["uri": "skill://nix/SKILL.md"], id: 1)
        send("tools/list", [:], id: 2)
        for id in 1...2 { _ = try await session.answer(to: .integer(id)) }
        #expect(try await lines().isEmpty)
    }
}
