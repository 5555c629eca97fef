import JSON
import MCP
import MCPClient
import TestSupport
import Testing

/// Servers whose messages are odd in their form, and plain in what they mean: nobody waits for what has come.
@Suite(.timeLimit(.minutes(3))) struct OddMessageTests {
    private let server = FakeServer()

    /// Statements that write an answer, `line` being the right one and `m` the request.
    struct Habit: Sendable, CustomTestStringConvertible {
        let statements: String
        /// Part of the only remark; `nil` where there is nothing to say.
        let remark: String?
        var testDescription: String { statements }

        init(_ statements: String, _ remark: String? = nil) {
            self.statements = statements
            self.remark = remark
        }
    }

    @Test(arguments: [
        // The id.
        Habit("write(with_id('\"%d\"'))", "ids of another type"),
        Habit("write(with_id('%d.0'))", "ids of another type"),
        Habit("write(with_id('\"%d.0\"'))", "ids of another type"),
        Habit("write(with_id('%d0e-1'))", "ids of another type"),
        // The members.
        Habit("send({'id': m['id'], 'result': done})", "messages lack"),
        Habit("send({'jsonrpc': '1.0', 'id': m['id'], 'result': done})", "messages lack"),
        Habit("send({'jsonrpc': 2.0, 'id': m['id'], 'result': done})", "messages lack"),
        Habit("send([{'id': m['id'], 'result': done}])", "messages lack"),
        Habit("send({'jsonrpc': '2.0', 'id': m['id'], 'result': done, 'error': None})"),
        Habit("send({'jsonrpc': '2.0', 'id': m['id'], 'result': done, 'error': {}})"),
        Habit("send({'jsonrpc': '2.0', 'id': m['id'], 'result': done, 'error': ''})"),
        Habit("send({'jsonrpc': '2.0', 'id': m['id'], 'result': done, 'error': False, 'method': None})"),
        // The line.
        Habit("write(line.replace(chr(10), chr(13) + chr(10)))"),
        Habit("write(chr(10) + ' ' + chr(10) + chr(13) + chr(10) + line)"),
        Habit("write(chr(0xFEFF) + line)"),
        Habit("write('  ' + chr(9) + line)"),
        Habit("write('INFO ready' + chr(10) + line)", "that isn't a message"),
        Habit("write(json.dumps({'level': 30, 'id': m['id'], 'msg': 'x'}) + chr(10) + line)", "that isn't a message"),
        Habit("write(json.dumps({'level': 50, 'error': 'x'}) + chr(10) + line)", "that isn't a message"),
        Habit("write('got {\"jsonrpc\":\"2.0\"' + chr(10) + line)", "that isn't a message"),
        // Several lines.
        Habit("write(json.dumps(json.loads(line), indent=2) + chr(10))", "over several lines"),
        Habit(
            "write(json.dumps(json.loads(line), indent=1).replace(chr(10), chr(13) + chr(10)) + chr(10))",
            "over several"),
        Habit("write(line.replace(', ', ',' + chr(10)))", "over several lines"),
        Habit("write('{' + chr(10) + line)", "that isn't a message"),
        // Other text in the line.
        Habit("write('Loading... ' + line)", "other text"),
        Habit("write('{INFO} {a: [1]} ' + line)", "other text"),
        Habit("write('\\x1b[32mINFO\\x1b[0m ' + line)", "other text"),
        Habit("write('\\x1b[2K' + line.strip() + '\\x1b[0m' + chr(10))", "other text"),
        Habit("write('Content-Length: 80 ' + line)", "other text"),
        Habit("write(line.strip() + json.dumps({'method': 'notifications/x'}) + chr(10))", "other text"),
        Habit("write('log: ' + line.replace('\"jsonrpc\": \"2.0\", ', ''))", "other text"),
        // Notifications.
        Habit("send({'jsonrpc': '2.0', 'id': 7, 'method': 'notifications/x'}); write(line)", "have ids"),
        Habit("send({'jsonrpc': '2.0', 'id': m['id'], 'method': 'notifications/x', 'params': {}}); write(line)", "ids"),
        Habit("send({'method': 'notifications/x'}); write(line)", "messages lack"),
    ])
    func anAnswerThatIsPlainlyMeantCounts(habit: Habit) async throws {
        let script = """
            done = text("done { } \\" [")
            def handle(m):
                line = json.dumps({"jsonrpc": "2.0", "id": m["id"], "result": done}) + chr(10)
                def with_id(form): return line.replace('"id": %d,' % m["id"], '"id":' + form % m["id"] + ",")
                \(habit.statements)
            serve(handle)
            """
        try await server.with(script) { client in
            for _ in 0..<2 {
                let text = try await client.text("t")
                #expect(text == "done { } \" [")
            }
        }
        let remarks = server.remarks.elements
        #expect(remarks.count == (habit.remark == nil ? 0 : 1), "\(remarks)")
        if let part = habit.remark { #expect(remarks.first?.contains(part) == true, "\(remarks)") }
    }

    @Test(arguments: [
        ("{'jsonrpc': '2.0', 'id': str(m['id']), 'error': {'code': 1, 'message': 'bad'}}", "bad"),
        ("{'id': m['id'], 'error': {'code': 1, 'message': 'bad'}}", "bad"),
        ("{'jsonrpc': '2.0', 'id': m['id'], 'error': 'bad'}", "bad"),
        ("{'jsonrpc': '2.0', 'id': m['id'], 'error': {'message': 'bad'}}", "bad"),
        ("{'jsonrpc': '2.0', 'id': m['id'], 'error': {'code': '-1', 'message': 'bad'}}", "bad"),
        ("{'jsonrpc': '2.0', 'id': m['id'], 'error': {'code': 1, 'message': ['bad']}}", "bad"),
        ("{'jsonrpc': '2.0', 'id': m['id'], 'error': {'code': 1, 'message': 'bad'}, 'result': None}", "bad"),
        ("{'jsonrpc': '2.0', 'id': None, 'error': {'code': -32700, 'message': 'bad'}}", "bad"),
        ("{'jsonrpc': '2.0', 'error': {'code': -32700, 'message': 'bad'}}", "bad"),
    ])
    func anErrorThatIsPlainlyMeantCounts(answer: String, part: String) async throws {
        try await server.with("serve(lambda m: send(\(answer)))") { client in
            for _ in 0..<2 {
                let error = await #expect(throws: MCPClientError.self) { try await client.text("t", timeLimit: 100) }
                guard case .refused(_, let message)? = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
                #expect(message.contains(part))
            }
        }
        #expect(server.remarks.elements.count <= 1)
    }

    @Test func ofSeveralOpenRequestsOnlyTheOneThatIsMeantIsAnswered() async throws {
        let script = """
            waiting = []
            def handle(m):
                waiting.append(m)
                if len(waiting) < 3: return
                send({"jsonrpc": "2.0", "id": None, "error": {"code": 1, "message": "nobody"}})
                for other in waiting:
                    name = other["params"]["name"]
                    write("for " + name + ": " + json.dumps({"id": str(other["id"]), "result": text(name)}) + chr(10))
            serve(handle)
            """
        try await server.with(script) { client in
            async let first = client.text("1")
            async let second = client.text("2")
            async let third = client.text("3")
            let texts = try await [first, second, third]
            #expect(texts == ["1", "2", "3"])
        }
    }
}
