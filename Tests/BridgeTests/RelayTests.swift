import Bridge
import ExecCore
import JSON
import PrivateData
import TestSupport
import Testing
import Threading

/// Questions that servers ask during calls of a command.
@Suite(.timeLimit(.minutes(3))) struct RelayTests {
    enum Era: CaseIterable {
        case handshake, modern
    }

    /// Answers as a test says, and records what it was asked.
    private final class Person: UserInteraction {
        let asked = Recorder<UserQuestion>()
        let withdrawn = Recorder<Void>()
        private let answer: UserAnswer?

        /// - Parameter answer: `nil` never comes to one.
        init(_ answer: UserAnswer?) {
            self.answer = answer
        }

        func ask(_ question: UserQuestion) async -> UserAnswer {
            asked.record(question)
            if let answer { return answer }
            try? await Task.sleep(for: .seconds(1000))
            withdrawn.record(())
            return .cancel
        }
    }

    /// A server whose tool `ask` asks with `params` and answers with what comes of it. It says what clients declare, and
    /// what questions are answered with.
    private static func script(_ era: Era, _ params: JSON = question) -> String {
        let params = "json.loads(\(JSON.string(params.text).text))"
        let body =
            switch era {
            case .handshake:
                """
                if name == "ask":
                    calls.append(message)
                    send({"jsonrpc": "2.0", "id": "q%d" % len(calls), "method": "elicitation/create", "params": \(params)})
                """
            case .modern:
                """
                declared = message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"]
                say("declared", json.dumps(declared))
                given = message["params"].get("inputResponses")
                if name != "ask": pass
                elif given is not None: answer(message, text(json.dumps(given["who"])))
                else: answer(message, {"resultType": "input_required", "requestState": "s",
                    "inputRequests": {"who": {"method": "elicitation/create", "params": \(params)}}})
                """
            }
        return """
            calls = []
            say("started")
            def handle_call(message, name, arguments):
                say("called", name)
            \(body.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n"))
            def handle(message):
                method = message.get("method")
                if method == "tools/list":
                    tools = [{"name": name, "inputSchema": {"type": "object"}} for name in ("ask", "wait")]
                    answer(message, {"resultType": "complete", "tools": tools, "ttlMs": 0, "cacheScope": "public"})
                elif method == "tools/call":
                    handle_call(message, message["params"]["name"], message["params"].get("arguments", {}))
                elif method in ("resources/read", "prompts/get"): say("reading")
                elif method == "notifications/cancelled": say("cancelled")
                elif method is None and str(message["id"])[0] == "q":
                    reply = json.dumps(message.get("result") or message["error"]["code"])
                    say("answered", reply)
                    answer(calls[int(message["id"][1:]) - 1], text(reply))
                elif "id" in message: refuse(message)
            serve(handle, \(era == .modern ? "\"2026-07-28\"" : "\"2025-11-25\""), capabilities=("tools",))
            """
    }

    private static let question: JSON = [
        "message": "Who\u{202E}?\nReally?",
        "requestedSchema": ["type": "object", "properties": ["n": ["type": "string"]]],
    ]

    private func begin(_ command: UInt32, _ person: Person?, _ harness: Harness) {
        harness.session.beginCommand(command, BridgedCommand(holdClock: { _ in }, user: person))
    }

    private func text(of answer: JSON) -> String {
        answer["result"]?["content"]?.arrayValue?.first?["text"]?.stringValue ?? answer.text
    }

    private func says(_ line: String, _ harness: Harness) async throws {
        try await harness.log.wait { $0.contains { $0.contains("says: \(line)") } }
    }

    @Test(arguments: Era.allCases)
    func aQuestionReachesThePersonAndItsAnswerTheServer(era: Era) async throws {
        let cases: [(UserAnswer, JSON)] = [
            (.accept(["n": "Bo"]), ["action": "accept", "content": ["n": "Bo"]]), (.decline, ["action": "decline"]),
            (.cancel, ["action": "cancel"]), (.unavailable("gone"), ["action": "cancel"]),
        ]
        try await Harness.with([Harness.open(Self.script(era))]) { harness in
            for (number, one) in cases.enumerated() {
                let person = Person(one.0)
                begin(UInt32(number), person, harness)
                let answer = try await harness.connect(UInt32(number)).tool("ask")
                #expect(try JSON.parse(text(of: answer)) == one.1)
                let question = try #require(person.asked.elements.first)
                #expect(question.message == "The MCP server fake asks, for the call of ask:\n\nWho\\u202e?\nReally?")
                #expect(question.details == ["kind": "elicitation", "server": "fake", "tool": "ask"])
                #expect(
                    question.request == .form(schema: Self.question["requestedSchema"]?.objectValue ?? [:]))
            }
        }
    }

    @Test(arguments: Era.allCases)
    func aURLIsShown(era: Era) async throws {
        let person = Person(.accept(["ignored": true]))
        let params: JSON = ["mode": "url", "message": "Sign in", "url": "https://a.test/x", "elicitationId": "e1"]
        try await Harness.with([Harness.open(Self.script(era, params))]) { harness in
            begin(1, person, harness)
            let answer = try await harness.connect(1).tool("ask")
            #expect(try JSON.parse(text(of: answer)) == ["action": "accept"])
        }
        #expect(person.asked.elements.map(\.request) == [.url("https://a.test/x", id: "fake/e1")])
    }

    @Test func theHostOfAVisitIsNamedAndNothingButAPageIsVisited() async throws {
        for (url, isAsked) in [
            ("https://A.test:8443/x", true), ("javascript:alert(1)", false), ("file:///etc/passwd", false), ("", false),
            ("https://bank.example@evil.example/", false), ("https://a.test/\u{202E}x", false),
        ] {
            let person = Person(.accept([:]))
            let params: JSON = ["mode": "url", "message": "Sign in", "url": .string(url), "elicitationId": "e1"]
            try await Harness.with([Harness.open(Self.script(.handshake, params))]) { harness in
                begin(1, person, harness)
                let answer = try await harness.connect(1).tool("ask")
                #expect(try JSON.parse(text(of: answer)) == ["action": isAsked ? "accept" : "cancel"], "\(url)")
            }
            let message = "The MCP server fake asks, for the call of ask, to visit a page of a.test:\n\nSign in"
            #expect(person.asked.elements.map(\.message) == (isAsked ? [message] : []), "\(url)")
        }
    }

    @Test(arguments: [true, "strict"] as [JSON])
    func aQuestionsValuesAreKnownAndComeBackToTheServerThatAsks(_ handling: JSON) async throws {
        let mail = "ada@example.com"
        let params: JSON = [
            "message": .string("Send to \(mail)?"),
            "requestedSchema": [
                "type": "object", "properties": ["to": ["type": "string", "default": .string(mail)]],
            ],
        ]
        let vaults = PrivateDataVaults(mode: .found)
        let vault = vaults.vault(of: Harness.user.name)
        let isStrict = handling == "strict"
        // Sees what the client's person sees, and answers with it.
        let person = ScriptedUser { question in
            guard case .form(let schema) = question.request else { return .cancel }
            let shown = vault.redact(schema["properties"]?["to"]?["default"]?.stringValue ?? "")
            return .accept(["to": .string((try? vault.restore(shown)) ?? shown)])
        }
        let server = Harness.open(Self.script(.handshake, params), ["pii": handling])
        try await Harness.with([server], privateData: vaults) { harness in
            harness.session.beginCommand(1, BridgedCommand(holdClock: { _ in }, user: person))
            let answer = try await harness.connect(1).tool("ask")
            try await says(#"answered {"action": "accept", "content": {"to": "ada@example.com"}}"#, harness)
            #expect(text(of: answer).contains(mail) == !isStrict)
        }
        let question = try #require(person.questions.elements.first)
        #expect(question.message.contains(mail) == !isStrict)
        #expect(!vault.redact(question.message).contains(mail))
    }

    @Test func withoutAPersonNothingIsDeclaredOrTheQuestionDismissed() async throws {
        try await Harness.with([Harness.open(Self.script(.modern))]) { harness in
            begin(1, nil, harness)
            let answer = try await harness.connect(1).tool("ask")
            #expect(answer["error"]?["message"]?.stringValue?.contains("which cannot be asked here") == true)
            try await says("declared {}", harness)
            begin(2, Person(.decline), harness)
            _ = try await harness.connect(2).tool("ask")
            try await says(#"declared {"elicitation": {"form": {}, "url": {}}}"#, harness)
        }
        try await Harness.with([Harness.open(Self.script(.handshake))]) { harness in
            begin(1, nil, harness)
            let said1 = try await text(of: harness.connect(1).tool("ask"))
            #expect(said1 == #"{"action": "cancel"}"#)
        }
    }

    @Test(arguments: Era.allCases)
    func theEndOfTheCommandWithdrawsTheQuestion(era: Era) async throws {
        let person = Person(nil)
        try await Harness.with([Harness.open(Self.script(era))]) { harness in
            begin(1, person, harness)
            try await harness.connect(1).request(1, "call", ["server": "fake", "tool": "ask"])
            try await person.asked.wait(forCount: 1)
            _ = await harness.session.endCommand(1)
            try await person.withdrawn.wait(forCount: 1)
            #expect(harness.calls.elements.map(\.outcome) == [.cancelled])
        }
    }

    /// A legacy server doesn't say for which call it asks.
    @Test func aQuestionThatMayBelongToAnotherCommandIsDismissed() async throws {
        let (first, second) = (Person(.decline), Person(.decline))
        try await Harness.with([Harness.open(Self.script(.handshake))]) { harness in
            begin(1, first, harness)
            begin(2, second, harness)
            try await harness.connect(1).request(1, "call", ["server": "fake", "tool": "wait"])
            try await says("called wait", harness)
            let said2 = try await text(of: harness.connect(2).tool("ask"))
            #expect(said2 == #"{"action": "cancel"}"#)
            _ = await harness.session.endCommand(1)
            let said3 = try await text(of: harness.connect(2).tool("ask", id: 2))
            #expect(said3 == #"{"action": "decline"}"#)
        }
        #expect(first.asked.elements.isEmpty)
        #expect(second.asked.elements.count == 1)
    }

    @Test(arguments: ["read", "prompt"])
    func aQuestionThatMayBelongToAReadOfAnotherCommandIsDismissed(method: String) async throws {
        let (first, second) = (Person(.decline), Person(.decline))
        try await Harness.with([Harness.open(Self.script(.handshake))]) { harness in
            begin(1, first, harness)
            begin(2, second, harness)
            let (reader, caller) = (try harness.connect(1), try harness.connect(2))
            try await reader.request(1, method, ["server": "fake", "uri": "a:b", "name": "n"])
            try await says("reading", harness)
            let dismissed = try await text(of: caller.tool("ask"))
            #expect(dismissed == #"{"action": "cancel"}"#)
            #expect(second.asked.elements.isEmpty)
            // It may be one of the same command's own.
            let own = try await text(of: harness.connect(1).tool("ask"))
            #expect(own == #"{"action": "decline"}"#)
            reader.cancel()
            try await eventually { try await text(of: caller.tool("ask", id: 2)) == #"{"action": "decline"}"# }
        }
        #expect(first.asked.elements.count == 1)
        #expect(second.asked.elements.count == 1)
    }

    @Test(arguments: [
        ("a\tb\r\nc", "a    b\nc"), ("a\u{200B}\u{1B}[2J", "a\\u200b\\u001b[2J"),
        ("\n\n \na\n\n\n\n\u{2028}b", "a\n\nb"), ("a\u{85}b", "a\nb"),
        (String(repeating: "a\n", count: 300), String(repeating: "a\n", count: 200) + "…"),
    ])
    func aServersTextHidesNothingAndPushesNothingOutOfView(text: String, shown: String) async throws {
        let person = Person(.decline)
        let params: JSON = ["message": .string(text), "requestedSchema": ["type": "object", "properties": [:]]]
        try await Harness.with([Harness.open(Self.script(.modern, params))]) { harness in
            begin(1, person, harness)
            _ = try await harness.connect(1).tool("ask")
        }
        let message = person.asked.elements.first?.message
        #expect(message == "The MCP server fake asks, for the call of ask:\n\n\(shown)")
    }

    @Test func aQuestionDuringSeveralCallsOfOneCommandNamesTheirTools() async throws {
        let person = Person(.decline)
        try await Harness.with([Harness.open(Self.script(.handshake))]) { harness in
            begin(1, person, harness)
            let client = try harness.connect(1)
            try await client.request(1, "call", ["server": "fake", "tool": "wait"])
            try await says("called wait", harness)
            let said4 = try await text(of: client.tool("ask", id: 2))
            #expect(said4 == #"{"action": "decline"}"#)
        }
        #expect(person.asked.elements.first?.message.contains("for the call of wait or ask:") == true)
    }

    @Test func theTimeOfALegacyCallStandsStillWhileThePersonIsAsked() async throws {
        let gate = AsyncEvent()
        struct Slow: UserInteraction {
            let gate: AsyncEvent
            func ask(_ question: UserQuestion) async -> UserAnswer {
                await gate.wait()
                return .decline
            }
        }
        try await Harness.with([Harness.open(Self.script(.handshake))]) { harness in
            harness.session.beginCommand(1, BridgedCommand(holdClock: { _ in }, user: Slow(gate: gate)))
            let client = try harness.connect(1)
            // Lists the tools, so that the time of the next call is its own.
            _ = try await client.ask("tools", ["server": "fake"], id: 1)
            let timed: JSON = ["server": "fake", "tool": "wait", "timeout": 2]
            try await client.request(2, "call", ["server": "fake", "tool": "ask", "timeout": 2])
            try await harness.log.wait { $0.contains { $0.contains("says: called ask") } }
            // Longer than the call's own limit: a call without a question would be over.
            try await Task.sleep(for: .seconds(2.5))
            #expect(!client.answers.elements.contains { $0["id"] == 2 })
            gate.complete()
            let said5 = try await text(of: client.answer(to: 2))
            #expect(said5 == #"{"action": "decline"}"#)
            try await client.request(3, "call", timed)
            #expect(try await client.answer(to: 3)["error"]?["type"] == "ToolTimeout")
        }
    }
}
