import JSON
import MCP
import MCPClient
import MCPClientTestSupport
import TestSupport
import Testing

/// Answers questions as a test says, and records them.
struct Person: ElicitationHandler {
    var modes: Set<Elicitation.Mode> = [.form]
    let asked = Recorder<Elicitation>()
    let gone = Recorder<Void>()
    let completed = Recorder<String>()
    /// Gives the answer; `nil` never comes to one.
    var decide: @Sendable (Elicitation) -> ElicitationAnswer? = { _ in nil }

    func answer(_ elicitation: Elicitation) async -> ElicitationAnswer {
        asked.record(elicitation)
        if let answer = decide(elicitation) { return answer }
        try? await Task.sleep(for: .seconds(1000))
        gone.record(())
        return .accept(["too": "late"])
    }

    func visitCompleted(_ id: String) { completed.record(id) }
}

/// Questions of a server to the person it works for.
@Suite(.timeLimit(.minutes(3))) struct ElicitationTests {
    private let server = FakeServer()

    private static let question: JSON = [
        "message": "Who?", "requestedSchema": ["type": "object", "properties": ["name": ["type": "string"]]],
    ]

    enum Era: CaseIterable {
        case handshake, modern
    }

    /// A server whose tool asks a question with `params` and answers with what comes of it: the answer, and in the modern
    /// era the state that it gave.
    private static func script(_ era: Era, _ params: JSON = question) -> String {
        let params = "json.loads(\(JSON.string(params.text).text))"
        switch era {
        case .handshake:
            return """
                calls = []
                def handle(message):
                    if message.get("method") == "tools/call":
                        calls.append(message)
                        send({"jsonrpc": "2.0", "id": "q", "method": "elicitation/create", "params": \(params)})
                    elif message.get("id") == "q":
                        answer(calls[0], text(json.dumps(message.get("result") or message["error"]["code"])))
                    else: say(message["method"])
                serve(handle)
                """
        case .modern:
            return """
                def handle(message):
                    if "id" not in message: return
                    given = message["params"].get("inputResponses")
                    say(json.dumps(message["params"].get("arguments")))
                    if given is not None and message["params"]["requestState"] == "st\u{E4}te":
                        return answer(message, text(json.dumps(given["who"])))
                    answer(message, {"resultType": "input_required", "requestState": "st\u{E4}te",
                        "inputRequests": {"who": {"method": "elicitation/create", "params": \(params)}}})
                serve(handle, "2026-07-28")
                """
        }
    }

    @Test(arguments: Era.allCases)
    func passesQuestionsOnAndTheirAnswersBack(era: Era) async throws {
        let answers: [(ElicitationAnswer, JSON)] = [
            (.accept(["name": "Bo\u{E9}"]), ["action": "accept", "content": ["name": "Bo\u{E9}"]]),
            (.accept(nil), ["action": "accept"]), (.decline, ["action": "decline"]), (.cancel, ["action": "cancel"]),
        ]
        for (answer, written) in answers {
            let person = Person(decide: { _ in answer })
            try await server.with(Self.script(era), elicitation: person) { client in
                let text = try await client.text("ask")
                #expect(try JSON.parse(text) == written)
            }
            let asked = try #require(person.asked.elements.first)
            #expect(person.asked.elements.count == 1)
            #expect(asked.message == "Who?")
            #expect(asked.request == .form(schema: Self.question["requestedSchema"]?.objectValue ?? [:]))
            #expect(asked.params == Self.question.objectValue)
        }
    }

    @Test(arguments: Era.allCases)
    func passesAnAddressOnToVisit(era: Era) async throws {
        let params: JSON = ["mode": "url", "message": "Log in", "url": "https://a.test/x", "elicitationId": "e1"]
        let person = Person(modes: [.form, .url], decide: { _ in .accept(nil) })
        try await server.with(Self.script(era, params), elicitation: person) { client in
            let text = try await client.text("ask")
            #expect(try JSON.parse(text) == ["action": "accept"])
        }
        #expect(person.asked.elements.map(\.request) == [.url("https://a.test/x", id: "e1")])
    }

    @Test func hearsThatAVisitIsDone() async throws {
        let script = """
            def handle(message):
                if "id" not in message: return
                for params in ({"elicitationId": "e1"}, {"elicitationId": 5}, {}):
                    notify("notifications/elicitation/complete", **params)
                answer(message, text("done"))
            serve(handle)
            """
        let person = Person(modes: [.url])
        try await server.with(script, elicitation: person) { client in _ = try await client.text("ask") }
        #expect(person.completed.elements == ["e1"])
    }

    @Test(arguments: Era.allCases)
    func saysWhatMayBeAsked(era: Era) async throws {
        let script = """
            for message in messages():
                params = message.get("params", {})
                said = params.get("_meta", {}).get("io.modelcontextprotocol/clientCapabilities", params.get("capabilities"))
                if said is not None: say(message["method"], json.dumps(said))
                if message["method"] == "server/discover" and \(era == .modern ? "True" : "False"):
                    answer(message, {"resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": {}})
                elif message["method"] == "server/discover": refuse(message)
                elif "id" in message:
                    answer(message, {"protocolVersion": "2025-06-18", "capabilities": {}} | text("ok"))
            """
        let offers: [(Set<Elicitation.Mode>?, String)] = [
            (nil, "{}"), ([], "{}"), ([.form], #"{"elicitation": {"form": {}}}"#),
            ([.url], #"{"elicitation": {"url": {}}}"#), ([.url, .form], #"{"elicitation": {"form": {}, "url": {}}}"#),
        ]
        for (modes, said) in offers {
            let server = FakeServer()
            try await server.with(script, elicitation: modes.map { Person(modes: $0) }) { client in
                _ = try await client.text("t")
            }
            let method = era == .modern ? "tools/call" : "initialize"
            #expect(server.said.elements == ["server/discover \(said)", "\(method) \(said)"])
        }
    }

    /// As the specification has it: no such method, or else a request that is not made again.
    @Test(arguments: Era.allCases, [nil, Person(modes: [])])
    func refusesQuestionsThatNobodyAnswers(era: Era, person: Person?) async throws {
        try await server.with(Self.script(era), elicitation: person) { client in
            switch era {
            case .handshake:
                let text = try await client.text("ask")
                #expect(text == "-32601")
            case .modern:
                await #expect(throws: MCPClientError.unsupported("a question to the user, which cannot be asked here"))
                {
                    try await client.text("ask")
                }
            }
        }
        #expect(server.said.elements == (era == .modern ? ["{}"] : []), "no request is repeated")
    }

    @Test(
        arguments: [
            (["message": "Who?", "mode": "url", "url": "https://a.test/"], [.form]),
            (["message": "Who?", "requestedSchema": [:]], [.url]), (["message": "Who?", "mode": "telepathy"], [.form]),
            (["message": "Who?", "mode": 7], [.form]), (["requestedSchema": [:]], [.form]), (["message": 7], [.form]),
            (["message": "Who?", "requestedSchema": "any"], [.form]), (["message": "Who?", "mode": "url"], [.url]),
            (["message": .string(String(repeating: "x", count: 20_000))], [.form]),
        ] as [(JSON, Set<Elicitation.Mode>)])
    func refusesWhatWasNotOfferedOrIsNoQuestion(params: JSON, modes: Set<Elicitation.Mode>) async throws {
        let person = Person(modes: modes, decide: { _ in .decline })
        try await server.with(Self.script(.handshake, params), elicitation: person) { client in
            let text = try await client.text("ask")
            #expect(text == "-32602")
        }
        try await server.with(Self.script(.modern, params), elicitation: person) { client in
            await #expect(throws: MCPClientError.self) { try await client.text("ask") }
        }
        #expect(person.asked.elements.isEmpty)
    }

    @Test func aQuestionHoldsUpNothingElse() async throws {
        let script = Self.script(.handshake).replacing(
            "elif message.get(\"id\") == \"q\":",
            with: "elif message.get(\"method\") == \"prompts/list\": answer(message, {\"prompts\": []})\n    elif True:"
        )
        let person = Person()
        try await server.with(script, elicitation: person) { client in
            let call = Task { try await client.text("ask") }
            try await person.asked.wait(forCount: 1)
            let prompts = try await client.listPrompts()
            #expect(prompts.isEmpty)
            call.cancel()
            _ = try? await call.value
        }
        try await person.gone.wait(forCount: 1)
    }

    @Test func forgetsAQuestionThatTheServerTakesBack() async throws {
        let script = """
            def handle(message):
                if message.get("method") == "tools/call":
                    ask = {"method": "elicitation/create", "params": {"message": "Who?", "requestedSchema": {}}}
                    send({"jsonrpc": "2.0", "id": 5} | ask)
                    notify("notifications/cancelled", requestId="none")
                    notify("notifications/cancelled", requestId=5)
                    send({"jsonrpc": "2.0", "id": 6, "method": "ping"})
                    handle.call = message
                elif message["id"] == 6: answer(handle.call, text("asked no more"))
                else: say(message["id"])
            serve(handle)
            """
        let person = Person()
        try await server.with(script, elicitation: person) { client in
            let text = try await client.text("ask")
            #expect(text == "asked no more")
        }
        #expect(server.said.elements.isEmpty)
        #expect(server.notifications.elements == ["notifications/cancelled"], "of a question that there is not")
    }

    @Test func aPersonIsLeftInPeaceWhenTheCallIsOver() async throws {
        let person = Person()
        try await server.with(Self.script(.modern), elicitation: person) { client in
            let call = Task { () throws(MCPClientError) in try await client.callTool("ask", [:], timeLimit: 60) }
            try await person.asked.wait(forCount: 1)
            call.cancel()
            await #expect(throws: MCPClientError.cancelled) { try await call.value }
        }
        #expect(person.gone.elements.count == 1)
        #expect(server.said.elements == ["{}"], "a request that is over is not made again")
    }

    @Test func boundsTheQuestionsThatWait() async throws {
        let script = """
            codes = []
            def handle(message):
                if message.get("method") == "tools/call":
                    handle.call = message
                    for number in [1, 2, 2, 3, 4]:
                        send({"jsonrpc": "2.0", "id": number, "method": "elicitation/create",
                            "params": {"message": "Who?", "requestedSchema": {}}})
                else:
                    codes.append([message["id"], message["error"]["code"]])
                    if len(codes) == 3: answer(handle.call, text(json.dumps(codes)))
            serve(handle)
            """
        let limits = ClientLimits.patient { $0.unansweredQuestions = 2 }
        try await server.with(script, limits: limits, elicitation: Person()) { client in
            let text = try await client.text("ask")
            #expect(text == "[[2, -32600], [3, -32603], [4, -32603]]")
        }
    }
}
