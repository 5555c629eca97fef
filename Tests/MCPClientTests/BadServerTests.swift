import JSON
import MCP
import MCPClient
import MCPClientTestSupport
import TestSupport
import Testing

/// Servers that break the rules, by mistake or on purpose.
@Suite(.timeLimit(.minutes(3))) struct BadServerTests {
    private let server = FakeServer()

    /// Checks that the client calls the answer to a call of a tool malformed, and that the next call works.
    private func expectMalformed(
        _ answer: String, _ part: String, at location: SourceLocation = #_sourceLocation
    ) async throws {
        let script = """
            def handle(message):
                if message["params"]["name"] == "good": answer(message, text("good"))
                else: \(answer)
            serve(handle)
            """
        try await server.with(script, limits: .patient { ($0.lineBytes, $0.lineValues) = (100_000, 1000) }) {
            client in
            let error = await #expect(throws: MCPClientError.self, sourceLocation: location) {
                try await client.text("bad", timeLimit: 100)
            }
            guard case .malformed(let what)? = error else {
                Issue.record("\(String(describing: error))", sourceLocation: location)
                return
            }
            #expect(what.contains(part), "\(what)", sourceLocation: location)
            let text = try await client.text("good")
            #expect(text == "good", sourceLocation: location)
        }
    }

    @Test(arguments: [
        ("answer(message, {'content': [], 'resultType': 7})", "resultType"),
        ("answer(message, None)", "neither a result nor an error"),
        ("send({'jsonrpc': '2.0', 'id': message['id'], 'result': 'x', 'error': {'code': 1}})", "neither a result nor"),
        ("send({'jsonrpc': '2.0', 'id': message['id']})", "must have a method"),
        (#"write('{"jsonrpc":"2.0","id":%d,"result":{"content":[}\n' % message['id'])"#, "not valid JSON"),
        (#"write('{"jsonrpc":"2.0","id":%d,"result":{"a":"\\q"}}\n' % message['id'])"#, "not valid JSON"),
        (#"write('{"jsonrpc":"2.0","id":%d,"x":' % message['id'] + '[' * 5000 + '\n')"#, "not valid JSON"),
        ("answer(message, text('x' * 200_000))", "a line of more than 100000 bytes"),
        ("answer(message, {'content': [0] * 2000})", "at most 1000 values"),
    ])
    func callsAnAnswerOfTheWrongFormMalformed(answer: String, part: String) async throws {
        try await expectMalformed(answer, part)
    }

    @Test func passesOverWhatIsNoMessage() async throws {
        let script = #"""
            def handle(message):
                write("Listening on port 8080\n\n   \n{}\n[]\n[1]\nnull\n\"text\"\n{\"level\": \"info\"}\n{\n")
                sys.stdout.buffer.write(b"\xff\xfe\x00\n")
                sys.stdout.buffer.flush()
                answer(message, text("all the same"))
            serve(handle)
            """#
        try await server.with(script) { client in
            for _ in 0..<3 {
                let text = try await client.text("t")
                #expect(text == "all the same")
            }
        }
        #expect(server.remarks.elements == ["it writes text that isn't a message to its standard output"])
    }

    @Test(arguments: [
        #"{"jsonrpc":"2.0"}"#, #"{"jsonrpc":"2.0","id":null}"#, #"{"jsonrpc":"2.0","id":[1]}"#,
        #"{"jsonrpc":"2.0","params":{"result":{},"error":1}}"#, #"{"jsonrpc":"2.0","method":7}"#,
        #"{"jsonrpc":"2.0","method":"x","id":{}}"#, #"{"jsonrpc":"2.0","id":true,"method":"m","params":{}}"#,
        #"{"jsonrpc":"2.0","method":"notifications/message","params":{"result":"\q"}}"#,
        #"{"method":"notifications/message","params":{"error":"\u12"},"jsonrpc":"2.0"}"#,
        #"{"jsonrpc":"2.0","method":"m","id":1,"params":[}"#, #"{"jsonrpc":"2.0","x":[0,}"#,
        #"{"jsonrpc":"2.0","id":{"result":1}}"#,
    ])
    func aBrokenMessageThatIsNoAnswerCostsNoCall(line: String) async throws {
        let script = #"""
            waiting = []
            def handle(message):
                waiting.append(message)
                write(r'''\#(line)''' + "\n")
                if len(waiting) < 2: return
                for other in waiting: answer(other, text(other["params"]["name"]))
            serve(handle)
            """#
        try await server.with(script) { client in
            async let first = client.text("1")
            async let second = client.text("2")
            let texts = try await [first, second]
            #expect(texts == ["1", "2"])
        }
        #expect(server.remarks.elements.count == 1, "\(server.remarks.elements)")
    }

    @Test func aBrokenAnswerThatNamesAMethodInsideCostsItsCallOnly() async throws {
        let script = #"""
            waiting = []
            def handle(message):
                waiting.append(message)
                if len(waiting) < 2: return
                for other in waiting:
                    if other["params"]["name"] == "good": answer(other, text("good"))
                    else: write('{"jsonrpc":"2.0","id":%d,"result":{"x":{"method":"m"},"a":"\q"}}\n' % other["id"])
            serve(handle)
            """#
        try await server.with(script) { client in
            let bad = Task { try await client.text("bad", timeLimit: 100) }
            let text = try await client.text("good")
            #expect(text == "good")
            let error = await #expect(throws: MCPClientError.self) { try await bad.value }
            #expect(error?.description.contains("not valid JSON") == true, "\(String(describing: error))")
        }
    }

    @Test func passesOverAnswersThatNobodyAskedFor() async throws {
        let script = """
            def handle(message):
                for number in (0, -1, 7, 10 ** 6, 10 ** 30, "1", f" {message['id']}", None, 1.5, True, [], {}):
                    send({"jsonrpc": "2.0", "id": number, "result": text("false")})
                send({"jsonrpc": "2.0", "result": text("false")})
                answer(message, text("true"))
                answer(message, text("twice"))
            serve(handle)
            """
        try await server.with(script) { client in
            for _ in 0..<3 {
                let text = try await client.text("t")
                #expect(text == "true")
            }
        }
        #expect(server.remarks.elements.count == 1)
    }

    @Test func takesAnswersFromAnArray() async throws {
        let script = """
            def handle(message):
                send([{"jsonrpc": "2.0", "method": "news"}, 7,
                    {"jsonrpc": "2.0", "id": message["id"], "result": text("in a row")}])
            serve(handle, "2025-03-26")
            """
        try await server.with(script) { client in
            let text = try await client.text("t")
            #expect(text == "in a row")
        }
        #expect(server.notifications.elements == ["news"])
    }

    @Test func answersAPingAndRefusesOtherRequests() async throws {
        let script = """
            def handle(message):
                if message.get("method") == "tools/call":
                    global call
                    call = message
                    for number, method in enumerate(("ping", "sampling/createMessage", "roots/list")):
                        send({"jsonrpc": "2.0", "id": f"s{number}", "method": method})
                else:
                    say(json.dumps([message["id"], message.get("result"), message.get("error", {}).get("code")]))
                    if message["id"] == "s2": answer(call, text("thanks"))
            serve(handle)
            """
        try await server.with(script) { client in
            let text = try await client.text("t")
            #expect(text == "thanks")
        }
        #expect(
            server.said.elements == [#"["s0", {}, null]"#, #"["s1", null, -32601]"#, #"["s2", null, -32601]"#])
    }

    @Test func writesNoResponseToAModernServer() async throws {
        let script = """
            def handle(message):
                if message.get("method") == "notifications/cancelled": return
                say(message.get("method"))
                send({"jsonrpc": "2.0", "id": 1, "method": "ping"})
                answer(message, text("ok"))
            serve(handle, "2026-07-28")
            """
        try await server.with(script) { client in
            for _ in 0..<3 { _ = try await client.text("t") }
        }
        #expect(server.said.elements == Array(repeating: "tools/call", count: 3))
        #expect(server.remarks.elements == ["it sends ping, though servers of its revision send no requests"])
    }

    @Test(arguments: ["input_required", "task", "x"])
    func saysThatItDoesNotKnowAResultThatIsNotComplete(type: String) async throws {
        let script = "serve(lambda m: answer(m, {'resultType': '\(type)', 'inputRequests': {}}), '2026-07-28')"
        try await server.with(script) { client in
            let error = await #expect(throws: MCPClientError.self) { try await client.text("t") }
            guard case .unsupported? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func survivesAFloodOfNotifications() async throws {
        let script = """
            def handle(message):
                write('{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\\n' * 100_000)
                answer(message, text("done"))
            serve(handle)
            """
        try await server.with(script) { client in
            let text = try await client.text("t")
            #expect(text == "done")
        }
        #expect(server.notifications.elements.count == 100_000)
    }

    @Test func boundsTheLinesOfAFloodOfErrors() async throws {
        let script = """
            def handle(message):
                sys.stderr.write("x" * 100_000 + "\\n" + "no\\n" * 100_000)
                sys.stderr.flush()
                answer(message, text("done"))
            serve(handle)
            """
        try await server.with(script) { client in
            let text = try await client.text("t")
            #expect(text == "done")
        }
        #expect(server.said.elements.first == "(a line of more than 8192 bytes)")
        #expect((200..<50_000).contains(server.said.elements.count))
    }

    @Test(arguments: [
        ("{}", "lacks tools"), ("{'tools': True}", "an array, not a boolean"), ("{'tools': 'none'}", "not a string"),
    ])
    func callsAListThatIsNoneMalformed(result: String, part: String) async throws {
        try await server.with("serve(lambda message: answer(message, \(result)))") { client in
            let error = await #expect(throws: MCPClientError.self) { try await client.listTools() }
            guard case .malformed(let what)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(what.contains(part), "\(what)")
        }
    }

    @Test func doesNotWaitForAServerThatReadsNothing() async throws {
        let script = """
            def handle(message):
                say("enough")
                threading.Event().wait()
            serve(handle)
            """
        let limits = ClientLimits.patient {
            $0.unreadBytes = 1_000_000
            $0.closingSeconds = 0.2
        }
        try await server.with(script, limits: limits) { client in
            let first = Task { try await client.text("t", timeLimit: nil) }
            try await server.said.wait(forCount: 1)
            let large: JSONObject = ["data": .string(String(repeating: "x", count: 700_000))]
            let second = Task { try await client.callTool("t", large, timeLimit: 0.5) }
            await #expect(throws: MCPClientError.timedOut(seconds: 0.5)) { try await second.value }
            let error = await #expect(throws: MCPClientError.self) {
                try await client.callTool("t", large, timeLimit: nil)
            }
            #expect(error?.description.contains("it reads no input") == true)
            first.cancel()
        }
    }

    @Test(arguments: [("SIG_DFL", 15), ("SIG_IGN", 9)])
    func endsAServerThatClosesItsInput(onTerm: String, signal: Int) async throws {
        let script = """
            def handle(message):
                os.close(0)
                say("closed")
                threading.Event().wait()
            signal.signal(signal.SIGTERM, signal.\(onTerm))
            serve(handle)
            """
        try await server.with(script, limits: .patient { $0.closingSeconds = 0.2 }) { client in
            let first = Task { try await client.text("t", timeLimit: nil) }
            try await server.said.wait(forCount: 1)
            let second = Task { try await client.text("t", timeLimit: nil) }
            let error = MCPClientError.ended("signal \(signal); it last said: closed")
            for call in [first, second] { await #expect(throws: error) { try await call.value } }
        }
    }
}
