import ExecCore
import Foundation
import JSON
import MCPServers
import TestSupport
import Testing
import Threading

@testable import Bridge
@testable import Diagnostics

/// Runs that are recorded, and answered from the recording.
@Suite(.timeLimit(.minutes(3))) struct RecordingTests {
    private let directory: TemporaryDirectory
    private let warnings = Recorder<String>()

    init() throws {
        directory = try TemporaryDirectory()
    }

    private var path: String { "\(directory.path)/run.jsonl" }

    private static let counting = Script.server(
        #"[tool("echo", True), tool("next", True), tool("fail", True), tool("refuse", True), tool("wipe")]"#,
        """
        count = 0
        def handle_call(message, name, arguments):
            global count
            if name == "next":
                count += 1
                answer(message, text(str(count)))
            elif name == "fail": answer(message, text("no such order") | {"isError": True})
            elif name == "refuse": refuse(message)
            else: answer(message, {"content": [], "structuredContent": arguments})
        """)

    private var logger: Logger { Logger(program: "exec-mcp", level: .debug) { [warnings] in warnings.record($0) } }

    private func writer(_ entries: [BridgeServerEntry], maxBytes: Int = 1 << 20) throws -> RecordingMode {
        .record(try RecordingWriter(path: path, entries: entries, maxBytes: maxBytes, logger: logger))
    }

    private func replay(_ entries: [BridgeServerEntry]) throws -> RecordingMode {
        .replay(try Recording(path: path, entries: entries, onWarning: warnings.record))
    }

    /// The same entry, with a program that isn't there.
    private static func withoutProgram(_ entry: BridgeServerEntry) -> BridgeServerEntry {
        var entry = entry
        entry.entry.command = "/nowhere/program"
        return entry
    }

    private static func problem(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "none"
        } catch {
            return (error as? RecordingError)?.message ?? "\(error)"
        }
    }

    @Test func aRunIsAnsweredFromItsRecordingWithoutServers() async throws {
        let entry = Harness.open(Self.counting)
        let requests: [(String, JSON)] = [
            ("next", [:]), ("echo", ["b": [1, 2.5, nil], "a": ["y": "ü", "x": 12_345]]), ("next", [:]), ("fail", [:]),
            ("refuse", ["x": 1]), ("next", ["again": true]),
        ]
        func run(_ harness: Harness) async throws -> [JSON] {
            _ = await harness.session.changedModules()
            let client = try harness.connect()
            var answers = [try await client.ask("tools", ["server": "fake"], id: 100)]
            for (id, request) in requests.enumerated() {
                answers.append(try await client.tool(request.0, request.1, id: id))
            }
            answers.append(try await client.ask("tool", ["server": "fake", "tool": "echo"], id: 101))
            return answers
        }
        var recorded: [JSON] = []
        try await Harness.with([entry], recording: writer([entry])) { recorded = try await run($0) }
        let missing = Self.withoutProgram(entry)
        var replayed: [JSON] = []
        try await Harness.with([missing], recording: replay([missing])) { harness in
            replayed = try await run(harness)
            #expect(!harness.log.elements.contains { $0.contains("says:") })
        }
        #expect(recorded.map(\.text) == replayed.map(\.text))
        #expect(warnings.elements == [])
    }

    @Test func answersComeInAnyOrderAndArgumentsToo() async throws {
        let entry = Harness.open(Self.counting)
        try await Harness.with([entry], recording: writer([entry])) { harness in
            let client = try harness.connect()
            for id in 1...3 { _ = try await client.tool("next", id: id) }
            _ = try await client.tool("echo", ["a": 1, "b": ["c": 2, "d": 3]], id: 4)
        }
        try await Harness.with([entry], recording: replay([entry])) { harness in
            let client = try harness.connect()
            let echo = try await client.tool("echo", ["b": ["d": 3, "c": 2], "a": 1], id: 1)
            #expect(echo["result"]?["structuredContent"] == ["a": 1, "b": ["c": 2, "d": 3]])
            for id in 2...4 { try await client.request(.integer(id), "call", ["server": "fake", "tool": "next"]) }
            let answers = try await client.answers.wait(forCount: 4).dropFirst()
            let texts = answers.map { $0["result"]?["content"]?.arrayValue?.first?["text"]?.stringValue ?? "none" }
            #expect(texts.sorted() == ["1", "2", "3"])
        }
    }

    @Test func anUnknownCallSaysWhatTheRecordingHas() async throws {
        let entry = Harness.open(Self.counting)
        try await Harness.with([entry], recording: writer([entry])) { harness in
            let client = try harness.connect()
            _ = try await client.tool("echo", ["a": 1, "b": "x"], id: 1)
            _ = try await client.tool("echo", ["a": 2, "b": "y"], id: 2)
        }
        let other = Harness.open(Self.counting, name: "other")
        try await Harness.with([entry, other], recording: replay([entry, other])) { harness in
            let client = try harness.connect()
            let near = try await client.tool("echo", ["a": 2, "b": "z"], id: 1)["error"]
            #expect(near?["type"] == "NotRecorded")
            #expect(
                near?["message"] == """
                    The recording does not have fake.echo(a=2, b="z"). The nearest that it has is fake.echo(a=2, b="y").
                    """)
            _ = try await client.tool("echo", ["a": 1, "b": "x"], id: 2)
            let again = try await client.tool("echo", ["a": 1, "b": "x"], id: 3)["error"]
            #expect(
                again?["message"]
                    == "The recording has fake.echo(a=1, b=\"x\") once, and this is request number 2.")
            let never = try await client.tool("next", id: 4)["error"]
            #expect(
                never?["message"] == "The recording does not have fake.next(). Of this server it has fake.echo.")
            let silent = try await client.ask("call", ["server": "other", "tool": "echo"], id: 5)["error"]
            #expect(silent?["type"] == "ServerUnavailable")
            let resource = try await client.ask("read", ["server": "fake", "uri": "x"], id: 6)["error"]
            #expect(resource?["type"] == "NotRecorded")
        }
    }

    @Test func theRulesDecideAboutARecordedCallToo() async throws {
        let entry = Harness.open(Self.counting)
        try await Harness.with([entry], recording: writer([entry])) { _ = try await $0.connect().tool("wipe") }
        for (settings, type) in [([:], "ApprovalRequired"), (["tools": ["deny": ["wipe"]]], "ToolDenied")]
            as [(JSON, JSON)]
        {
            let strict = Harness.entry(Self.counting, settings)
            try await Harness.with([strict], recording: replay([strict])) { harness in
                let error = try await harness.connect().tool("wipe")["error"]
                #expect(error?["type"] == type)
            }
        }
    }

    @Test func secretsAreHiddenAndTheFileIsPrivate() async throws {
        var entry = Harness.open(
            Script.server(
                #"[tool("leak", True)]"#,
                """
                def handle_call(message, name, arguments):
                    answer(message, text(os.environ["TOKEN"] + " " + arguments["key"]))
                """))
        entry.entry.environment = ["TOKEN": "s3cret-token-value"]
        let arguments: JSON = ["key": "s3cret-token-value"]
        try await Harness.with([entry], recording: writer([entry])) { harness in
            let answer = try await harness.connect().tool("leak", arguments)
            #expect(answer.text.contains("s3cret-token-value"), "the script gets the tool's own result")
        }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(!text.contains("s3cret"))
        #expect(text.contains("[env TOKEN]"))
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect((attributes[.posixPermissions] as? Int) == 0o600)
        try await Harness.with([entry], recording: replay([entry])) { harness in
            let answer = try await harness.connect().tool("leak", arguments)
            #expect(answer["result"]?["content"]?.arrayValue?.first?["text"] == "[env TOKEN] [env TOKEN]")
        }
    }

    @Test func secretsAreHiddenInListsOfTools() async throws {
        var entry = Harness.open(
            Script.server(
                #"""
                [tool("leak", True, title=secret, description="with " + secret,
                    inputSchema={"type": "object", "properties": {"a": {"type": "string", "default": secret}}},
                    outputSchema={"type": "object", "description": secret, "properties": {secret: {"enum": [secret]}}},
                    annotations={"title": secret, "readOnlyHint": True, "openWorldHint": False})]
                """#,
                """
                secret = os.environ["TOKEN"]
                def handle_call(message, name, arguments): answer(message, {"content": [], "structuredContent": {}})
                """))
        entry.entry.environment = ["TOKEN": "s3cret-token-value"]
        try await Harness.with([entry], recording: writer([entry])) { harness in
            let details = try await harness.connect().ask("tool", ["server": "fake", "tool": "leak"])
            #expect(details.text.contains("s3cret-token-value"), "code gets the tool as it is")
        }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains("[env TOKEN]"))
        #expect(!text.contains("s3cret"))
        try await Harness.with([entry], recording: replay([entry])) { harness in
            let details = try await harness.connect().ask("tool", ["server": "fake", "tool": "leak"])
            #expect(details["result"]?["description"] == "with [env TOKEN]")
        }
    }

    @Test func aRecordingIsContinuedAndNothingElseIs() async throws {
        let entry = Harness.open(Self.counting)
        for _ in 1...2 {
            try await Harness.with([entry], recording: writer([entry])) { _ = try await $0.connect().tool("next") }
        }
        try await Harness.with([entry], recording: replay([entry])) { harness in
            let client = try harness.connect()
            for id in 1...2 { #expect(try await client.tool("next", id: id)["result"] != nil) }
            #expect(try await client.tool("next", id: 3)["error"] != nil)
        }
        let text = "{\"a\": 1}\n"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        #expect(
            Self.problem { _ = try writer([]) }
                == "it exists and is not a recording that could be continued: name another file")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
    }

    @Test func aFullRecordingStopsAndCallsContinue() async throws {
        let entry = Harness.open(Self.counting)
        try await Harness.with([entry], recording: writer([entry], maxBytes: 3000)) { harness in
            let client = try harness.connect()
            for id in 1...40 { #expect(try await client.tool("echo", ["n": .integer(id)], id: id)["result"] != nil) }
        }
        let size = FileManager.default.contents(atPath: path)?.count ?? .max
        #expect(size <= 3000)
        #expect(warnings.elements.count { $0.contains("nothing more is recorded") } == 1)
        _ = try replay([entry])
    }

    private static let header = #"{"recording":"exec-mcp bridge","format":1,"session":"a"}"#
    private static let answer =
        #"{"server":"fake","method":"tools/call","params":{"name":"next","arguments":{}},"number":1,"#
        + #""size":1,"result":{"content":[]},"session":"a"}"#

    struct Damage: Sendable, CustomTestStringConvertible {
        let lines: String
        let problem: String
        var warning: String?
        var testDescription: String { problem + lines.suffix(20) }
    }

    @Test(arguments: [
        Damage(lines: "", problem: "it is empty"),
        Damage(lines: "{\"a\": 1}\n", problem: "line 1: not a line of a recording: it names no session"),
        Damage(lines: "text\n", problem: "line 1: not valid JSON"),
        Damage(lines: answer + "\n", problem: "line 1: not the beginning of a recording"),
        Damage(
            lines: #"{"recording":"exec-mcp bridge","format":2,"session":"a"}"# + "\n",
            problem: "line 1: recorded by another version of exec-mcp: format 2"),
        Damage(
            lines: #"{"recording":"other","format":1,"session":"a"}"# + "\n",
            problem: "line 1: not a recording of exec-mcp's bridge"),
        Damage(lines: header + "\n" + answer + "\n[]\n", problem: "line 3: not a line of a recording"),
        Damage(lines: header + "\n{\"serv\n" + answer + "\n", problem: "line 2: not valid JSON"),
        Damage(
            lines: header + "\n" + answer.replacing(#""session":"a""#, with: #""session":"b""#) + "\n",
            problem: "line 2: it belongs to no session before it"),
        Damage(
            lines: header + "\n" + answer.replacing(#""result":{"content":[]}"#, with: #""result":1"#) + "\n",
            problem: "line 2: not a line of a recording: neither a list of tools nor an answer"),
        // The program was killed.
        Damage(
            lines: header + "\n" + answer + "\n" + answer.dropLast(9), problem: "none",
            warning: "line 3 is incomplete"),
        Damage(
            lines: header + "\n" + answer.prefix(30) + "\n" + header + "\n" + answer + "\n", problem: "none",
            warning: "line 2 is incomplete"),
        Damage(lines: header + "\n" + answer, problem: "none"),
        Damage(lines: header + "\n\n" + answer + "\n", problem: "none"),
    ])
    func aDamagedFileSaysTheLine(damage: Damage) throws {
        try damage.lines.write(toFile: path, atomically: true, encoding: .utf8)
        let entry = Harness.open(Self.counting)
        #expect(Self.problem { _ = try replay([entry]) }.hasPrefix(damage.problem))
        #expect(warnings.elements.count == (damage.warning == nil ? 0 : 1))
        #expect(warnings.elements.first?.hasPrefix(damage.warning ?? "") ?? true)
    }

    @Test(arguments: ["", "/none", "/fifo"]) func whatIsNoFileIsNotRead(name: String) throws {
        #expect(mkfifo("\(directory.path)/fifo", 0o600) == 0)
        let problem = Self.problem { _ = try Recording(path: directory.path + name, entries: []) { _ in } }
        #expect(problem == "it is not a regular file, or cannot be found")
    }

    @Test func aServerThatIsNotConfiguredIsLeftOut() async throws {
        let entry = Harness.open(Self.counting)
        try await Harness.with([entry], recording: writer([entry])) { _ = try await $0.connect().tool("next") }
        _ = try replay([])
        #expect(warnings.elements == ["the server fake is in no file of --mcp-config, so it is left out"])
    }
}
