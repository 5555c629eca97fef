import Diagnostics
import ExecCore
import JSON
import MCP
import SystemCalls
import TestSupport
import Testing

@testable import ExecMCP

/// Nothing that a sandbox says reaches a client but through the filters of the pipeline: a session with a filter that
/// strikes out a word, and an engine whose sandboxes say it wherever they say anything.
@Suite(.timeLimit(.minutes(3))) struct FilteredSessionTests {
    private static let word = "classified"
    /// A guest that says the word in streams, lines, failures and files. The command `wait` goes on until the end.
    private static let engine = """
        #!/usr/bin/python3 -I
        import json, os, sys
        if sys.argv[1] != "run":
            sys.exit()
        channel = sys.stdin.buffer
        def say(kind, call, payload):
            data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
            os.write(1, len(data).to_bytes(4, "big") + bytes((kind,)) + call.to_bytes(4, "big") + data)
        channel.readline()
        channel.read(int.from_bytes(channel.read(4), "big"))
        say(1, 0, {"shell": True})
        while header := channel.read(9):
            payload = channel.read(int.from_bytes(header[:4], "big"))
            if header[4] != 2:
                continue
            call, request = int.from_bytes(header[5:], "big"), json.loads(payload)
            method, params = request["method"], request["params"]
            if params.get("progress"):
                say(9, call, b"line: classified")
            if params.get("command") == "wait":
                continue
            if "gone" in (params.get("file_path"), params.get("name")):
                say(6, call, {"code": "not_found", "message": "There is no classified file."})
                continue
            say(3, call, b"\\0text: classified")
            if method == "execute":
                say(3, call, b"\\1error: classified")
            say(5, call, {"exit_code": 0})
        """

    private let session: SessionHarness
    private let directory: TemporaryDirectory
    private let log: AuditLog

    init() async throws {
        let directory = try TemporaryDirectory()
        self.directory = directory
        let engine = try await directory.writeProgram(Self.engine, to: "engine")
        try directory.write("---\nname: s\ndescription: d\n---\nKnow-how: \(Self.word)\n", to: "skills/s/SKILL.md")
        log = try AuditLog(path: "\(directory.path)/log", logger: Logger(program: "exec-mcp", level: .error) { _ in })
        session = try SessionHarness(
            engine: engine, audit: log, pipeline: CallPipeline(filters: [Redaction(word: Self.word)])
        ) { $0.configuration.skillsDirectories = ["\(directory.path)/skills"] }
    }

    private func params(_ params: JSONObject, token: JSON? = nil, asTask: Bool = false) -> JSON {
        var meta: JSONObject = [
            MetaKey.protocolVersion: "2026-07-28",
            MetaKey.clientCapabilities: asTask ? ["extensions": [ExtensionID.tasks: [:]]] : [:],
        ]
        meta[MetaKey.progressToken] = token
        var params = params
        params["_meta"] = .object(meta)
        return .object(params)
    }

    /// What the client got; it holds nothing that was not filtered.
    private func expectFiltered(_ message: JSON?) throws {
        let text = try #require(message).text
        #expect(text.contains("[…]"), "\(text)")
        #expect(!text.contains(Self.word), "\(text)")
    }

    @Test(
        arguments: [
            ["name": "execute_bash", "arguments": ["command": "x"]],
            ["name": "execute_bash", "arguments": ["command": "x", "classified": "y"]],
            ["name": "execute_bash", "arguments": ["command": "x", "timeout": "classified"]],
            ["name": "read_file", "arguments": ["file_path": "x"]],
            ["name": "read_file", "arguments": ["file_path": "gone"]],
            ["name": "read_docstring", "arguments": ["file_path": "x", "function_name": "f"]],
            ["name": "read_docstring", "arguments": ["file_path": "gone", "function_name": "f"]],
        ] as [JSONObject])
    func theResultOfAToolIsFiltered(call: JSONObject) async throws {
        let answer = try await session.answer("tools/call", params(call))
        try expectFiltered(answer["result"])
        for structured in [answer["result"]?["structuredContent"]].compactMap({ $0 }) { try expectFiltered(structured) }
    }

    @Test(arguments: ["artifact:///x", "artifact:///gone", "skill://s/SKILL.md"])
    func theTextOfAResourceIsFiltered(uri: String) async throws {
        try expectFiltered(try await session.answer("resources/read", params(["uri": .string(uri)])))
    }

    @Test func theLinesOfACallAreFiltered() async throws {
        let call: JSONObject = ["name": "execute_bash", "arguments": ["command": "wait"]]
        session.send(SessionHarness.request("tools/call", params(call, token: "p"), id: 1))
        let messages = try await session.written.wait { messages in
            messages.contains { $0["params"]?["message"]?.stringValue?.hasPrefix("line: ") == true }
        }
        try expectFiltered(messages.last)
        await session.close()
    }

    /// Makes a task of a command, and asks for its state until it is such a one.
    private func state(
        ofTask command: String, until isMeant: (JSON) -> Bool
    ) async throws -> JSON {
        let call: JSONObject = ["name": "execute_bash", "arguments": ["command": .string(command)]]
        let created = try await session.answer("tools/call", params(call, asTask: true))
        let id = try #require(created["result"]?["taskId"])
        var state: JSON = .null
        repeat {
            state = try #require(
                try await session.answer("tasks/get", params(["taskId": id], asTask: true))["result"])
        } while !isMeant(state)
        return state
    }

    @Test func theResultOfATaskIsFiltered() async throws {
        try expectFiltered(try await state(ofTask: "x") { $0["status"] == "completed" }["result"])
    }

    @Test func theLinesOfATaskAreFiltered() async throws {
        let state = try await state(ofTask: "wait") {
            $0["statusMessage"]?.stringValue?.hasPrefix("line: ") == true
        }
        try expectFiltered(state["statusMessage"])
        await session.close()
    }

    @Test func theAuditLogTellsOfFailuresWhatTheClientWasTold() async throws {
        let call: JSONObject = ["name": "read_file", "arguments": ["file_path": "gone"]]
        _ = try await session.answer("tools/call", params(call))
        _ = try await session.answer("resources/read", params(["uri": "artifact:///gone"]))
        try await onThread { [log] in log.waitForEnd() }
        let lines = try #require(Files.read("\(directory.path)/log", limit: 1 << 20)).split(separator: 10)
        #expect(lines.count == 2)
        for line in lines { try expectFiltered(try JSON.parse(Array(line))["error"]) }
    }
}
