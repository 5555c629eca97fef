import ExecCore
import Hashing
import JSON
import Testing

@testable import ExecMCP

@Suite struct AuditEntryTests {
    /// The line of a call as it stands in the file, and read back.
    private func line(
        _ arguments: JSON?, _ outcome: AuditOutcome = AuditOutcome(.ok), tool: String? = "execute_bash"
    ) throws -> (text: String, value: JSON) {
        let entry = AuditEntry(user: UserID("ann"), tool: tool, traceID: nil)
        let bytes = entry.line(AuditArguments(arguments), outcome, duration: .microseconds(12_345))
        return (String(decoding: bytes, as: UTF8.self), try JSON.parse(bytes))
    }

    @Test func saysWhoDidWhatAndWhatCameOfIt() throws {
        let outcome = AuditOutcome(.ok, exitCode: 3, bytes: 7)
        let (_, value) = try line(["command": "ls", "timeout": 2.5], outcome)
        #expect(
            value.objectValue?.keys == [
                "time", "pid", "user", "tool", "arguments", "outcome", "exit_code", "duration_ms", "bytes",
            ])
        #expect(value["time"]?.stringValue?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
        #expect(value["user"] == "ann")
        #expect(value["tool"] == "execute_bash")
        #expect(value["arguments"] == ["command": "ls", "timeout": 2.5])
        #expect(value["outcome"] == "ok")
        #expect(value["exit_code"] == 3)
        #expect(value["duration_ms"] == .double(12.3))
        #expect(value["bytes"] == 7)
    }

    @Test func namesTheTaskAndTheTrace() throws {
        let entry = AuditEntry(user: nil, tool: nil, traceID: "aa")
        let value = try JSON.parse(
            entry.line(AuditArguments(nil), AuditOutcome(error: "no"), taskID: "bb", duration: .zero))
        #expect(value["trace_id"] == "aa")
        #expect(value["task_id"] == "bb")
        #expect(value["user"] == .null)
        #expect(value["tool"] == .null)
        #expect(value["arguments"] == [:])
        #expect(value["error"] == "no")
    }

    @Test func keepsAShortTextWholeAndOnlyTheBeginningOfALongOne() throws {
        let short = String(repeating: "é", count: 200)
        #expect(try line(["command": .string(short)]).value["arguments"]?["command"] == .string(short))
        let long = short + "x"
        let digest = "8ea881398df1e37b60b48f733f7b11d1e486d624c8669f65d39110c6e7a41fa8"
        let cut = try #require(try line(["command": .string(long)]).value["arguments"]?["command"])
        #expect(cut.objectValue?.keys == ["text", "bytes", "sha256"])
        #expect(cut["text"] == .string(short))
        #expect(cut["bytes"] == 401)
        #expect(cut["sha256"]?.stringValue == digest)
    }

    /// A character may have any number of marks, so that two hundred characters may be megabytes.
    @Test func isNotDeceivedByOneEndlessCharacter() throws {
        let endless = "e" + String(repeating: "\u{301}", count: 100_000)
        let (text, value) = try line(["content": .string(endless)])
        #expect(text.utf8.count <= AuditEntry.maxLength)
        #expect(value["arguments"]?["content"]?["bytes"] == .integer(endless.utf8.count))
    }

    @Test(arguments: [
        "\u{0}\u{1B}[31m\n\r\u{7F}", "\u{9B}31m\u{85}", "\u{202E}gpj.exe\u{2066}", "a\u{2028}b\u{2029}c",
        "\u{E0041}\u{FEFF}\u{200B}",
    ])
    func letsNothingThroughThatDrivesATerminalOrHides(hostile: String) throws {
        let (text, value) = try line(["command": .string(hostile)], AuditOutcome(error: hostile))
        #expect(value["arguments"]?["command"] == .string(hostile), "escaped, and not changed")
        #expect(value["error"] == .string(hostile))
        let shown = text.unicodeScalars.map(\.properties.generalCategory)
        #expect(!shown.contains { [.control, .format, .lineSeparator, .paragraphSeparator].contains($0) })
    }

    /// Arguments that fill a line with what takes most room in it.
    static let greedy: [JSON] = {
        let text = String(repeating: "\u{E0041}", count: 5000)
        let names = (0..<8).map { "\($0)" + String(repeating: "\u{1}", count: 31) }
        var widest = JSONObject()
        for name in names { widest[name] = .string(text) }
        var many = JSONObject()
        for number in 0..<5000 { many["\(number)"] = .integer(number) }
        var deep: JSON = 1
        for _ in 0..<100 { deep = ["a": [deep]] }
        return [
            .object(widest), .object(many), [text: .string(text)], .string(text), .array([.string(text), 1]),
            ["command": .object(many), "timeout": .array([.string(text)]), "x": deep], 5, .null, .bool(true),
        ]
    }()

    @Test(arguments: greedy)
    func boundsTheLineWhateverIsAsked(arguments: JSON) throws {
        let outcome = AuditOutcome(error: String(repeating: "\u{E0041}", count: 100_000))
        let (text, value) = try line(arguments, outcome, tool: String(repeating: "\u{1}🙂", count: 5000))
        #expect(text.utf8.count <= AuditEntry.maxLength)
        #expect(!text.contains("\n"))
        #expect(value["outcome"] == "error")
        #expect(value["arguments"] != nil)
    }

    @Test func cutsFurtherRatherThanLeavingAnArgumentOut() throws {
        let text = String(repeating: "\u{E0041}", count: 150)
        let arguments: JSON = ["a": .string(text), "b": .string(text), "c": .string(text)]
        let recorded = try #require(try line(arguments).value["arguments"])
        for name in ["a", "b", "c"] {
            #expect(recorded[name]?["text"]?.stringValue?.unicodeScalars.count == 40)
            #expect(recorded[name]?["sha256"]?.stringValue == SHA256.hexDigest(of: text))
        }
    }
}
