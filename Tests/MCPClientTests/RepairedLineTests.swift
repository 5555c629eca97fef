import JSON
import MCP
import TestSupport
import Testing

@testable import MCPClient

/// Answers that are not quite JSON, or not quite results: what is good in them counts.
@Suite(.timeLimit(.minutes(3))) struct RepairedLineTests {
    private let server = FakeServer()

    @Test(arguments: [
        // What is no JSON.
        (#"raw(b'{"content":[{"type":"text","text":"a\xffb"}]}')"#, ["a\u{FFFD}b"], "not valid JSON"),
        (#"raw(b'{"content":[{"type":"text","text":"caf\xe9 \\" NaN"}]}')"#, ["caf\u{FFFD} \" NaN"], "not valid JSON"),
        (#"raw(b'{"content":[{"type":"text","text":"a\tb\x1b[0m"}]}')"#, ["a\tb\u{1B}[0m"], "not valid JSON"),
        ("answer(m, {**text('good'), 'structuredContent': {'x': math.nan}})", ["good"], "not valid JSON"),
        ("answer(m, {**text('-Infinity'), 'x': [math.inf, -math.inf, 1]})", ["-Infinity"], "not valid JSON"),
        (#"raw(b'{"content":[{"type":"text","text":"big"}],"x":1e999}')"#, ["big"], "not valid JSON"),
        (
            #"raw(b'{"content":[{"type":"text","text":"one"},{"type":"text","text":"\xc3"}]}')"#, ["one", "\u{FFFD}"],
            "not"
        ),
        (#"write('INFO '); raw(b'{"content":[{"type":"text","text":"\xff"}],"x":NaN}')"#, ["\u{FFFD}"], "other text"),
        // What is no result.
        ("answer(m, 'fine')", ["fine"], "aren't objects"),
        ("answer(m, ['a', {'type': 'text', 'text': 'b'}])", ["a", "b"], "aren't objects"),
        ("answer(m, [{'text': 'b'}])", ["b"], "aren't objects"),
        ("answer(m, [{'row': 1}, {'row': 2}])", [#"[{"row":1},{"row":2}]"#], "aren't objects"),
        ("answer(m, 42)", ["42"], "aren't objects"),
        ("answer(m, [])", [], "aren't objects"),
        ("answer(m, [1, math.nan])", ["[1,null]"], "aren't objects"),
        ("send({'id': m['id'], 'result': 'fine'})", ["fine"], "aren't objects"),
    ])
    func whatIsGoodInAnAnswerCounts(answer: String, texts: [String], remark: String) async throws {
        let script = """
            import math
            def handle(m):
                def raw(result):
                    sys.stdout.flush()
                    sys.stdout.buffer.write(b'{"jsonrpc":"2.0","id":%d,"result":%s}\\n' % (m["id"], result))
                    sys.stdout.buffer.flush()
                \(answer)
            serve(handle)
            """
        try await server.with(script) { client in
            for _ in 0..<2 {
                let result = try await client.callTool("t", [:], timeLimit: 100)
                #expect(result.content == texts.map { .text($0) })
            }
        }
        let remarks = server.remarks.elements
        #expect(remarks.contains { $0.contains(remark) }, "\(remarks)")
    }

    @Test func keepsAPlaceForANumberThatIsNone() async throws {
        let script =
            "import math\nserve(lambda m: answer(m, {'content': [], 'structuredContent': {'x': math.nan, 'y': 2}}))"
        try await server.with(script) { client in
            let result = try await client.callTool("t", [:], timeLimit: 100)
            #expect(result.structuredContent == ["x": nil, "y": 2])
        }
    }

    @Test(arguments: [
        #"{"a":"NaN Infinity -1","b":[1.5e3,-2,true,null]}"#, #"{"é":"\n\"\\"}"#, "", "INFO ready", "{\"a\": [1,}",
    ])
    func leavesAloneWhatNeedsNoMending(line: String) {
        #expect(RepairedLine.repaired(Array(line.utf8)) == nil)
    }
}
