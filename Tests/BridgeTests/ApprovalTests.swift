import ExecCore
import JSON
import MCP
import TestSupport
import Testing
import Threading

@testable import Bridge

/// Calls that a person decides about.
@Suite(.timeLimit(.minutes(3))) struct ApprovalTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var settings: JSON = [:]
        var tool = "write"
        let answers: [UserAnswer]
        /// For each of three calls: the type of its error, `nil` if it runs.
        let outcomes: [String?]
        let questions: Int
        /// The rule of the last call in the audit log.
        let rule: String
        var testDescription: String { "\(settings.text) \(tool) \(answers)" }
    }

    private static func choose(_ decision: String) -> UserAnswer { .accept(["decision": .string(decision)]) }

    @Test(arguments: [
        Case(answers: [choose("once")], outcomes: [nil, nil, nil], questions: 3, rule: "default, approved once"),
        Case(
            answers: [choose("session")], outcomes: [nil, nil, nil], questions: 1,
            rule: "default, approved for the session"),
        Case(
            answers: [choose("once"), choose("session")], outcomes: [nil, nil, nil], questions: 2,
            rule: "default, approved for the session"),
        Case(answers: [choose("always")], outcomes: [nil, nil, nil], questions: 1, rule: "default, always approved"),
        Case(
            answers: [choose("once"), choose("deny")], outcomes: [nil, "ToolDenied", "ToolDenied"], questions: 2,
            rule: "default"),
        Case(
            answers: [.decline], outcomes: ["ToolDenied", "ToolDenied", "ToolDenied"], questions: 1, rule: "default"),
        Case(answers: [.cancel], outcomes: ["ToolDenied", "ToolDenied", "ToolDenied"], questions: 1, rule: "default"),
        Case(
            answers: [.unavailable("it has gone")],
            outcomes: ["ApprovalRequired", "ApprovalRequired", "ApprovalRequired"], questions: 1, rule: "default"),
        // A client that shows no form.
        Case(answers: [.accept([:])], outcomes: [nil, nil, nil], questions: 3, rule: "default, approved once"),
        // A list of what was selected.
        Case(
            answers: [.accept(["decision": ["once"]]), .accept(["decision": ["Deny"]])],
            outcomes: [nil, "ToolDenied", "ToolDenied"], questions: 2, rule: "default"),
        Case(
            answers: [.accept(["decision": .null])], outcomes: [nil, nil, nil], questions: 3,
            rule: "default, approved once"),
        // This question failed, and another may not.
        Case(
            answers: [.failed("it was busy"), choose("once")], outcomes: ["ApprovalRequired", nil, nil], questions: 3,
            rule: "default, approved once"),
        Case(
            answers: [choose("Allow this tool until the session ends")], outcomes: [nil, nil, nil], questions: 1,
            rule: "default, approved for the session"),
        Case(
            answers: [choose("never")], outcomes: ["ToolDenied", "ToolDenied", "ToolDenied"], questions: 1,
            rule: "default"),
        // A rule that asks does so each time, and can't be switched off for good.
        Case(
            settings: ["tools": ["ask": ["wr*"], "allow": ["*"]]], answers: [choose("once")],
            outcomes: [nil, nil, nil], questions: 3, rule: "ask wr*, approved once"),
        Case(
            settings: ["tools": ["ask": ["wr*"]]], answers: [choose("session")], outcomes: [nil, nil, nil],
            questions: 1, rule: "ask wr*, approved for the session"),
        Case(
            settings: ["tools": ["ask": ["read"]]], tool: "read", answers: [choose("always")],
            outcomes: [nil, nil, nil], questions: 1, rule: "ask read, approved for the session"),
        // What a tool declares of itself only tightens.
        Case(tool: "read", answers: [], outcomes: [nil, nil, nil], questions: 0, rule: "read-only"),
        Case(
            settings: ["trustHints": false], tool: "read", answers: [choose("once")], outcomes: [nil, nil, nil],
            questions: 3, rule: "default, approved once"),
        Case(
            settings: ["tools": ["deny": ["read"]]], tool: "read", answers: [choose("once")],
            outcomes: ["ToolDenied", "ToolDenied", "ToolDenied"], questions: 0, rule: "deny read"),
        Case(
            settings: ["tools": ["allow": ["*"]]], answers: [], outcomes: [nil, nil, nil], questions: 0,
            rule: "allow *"),
    ])
    func aPersonDecidesWhereNoRuleDoes(sample: Case) async throws {
        let directory = try TemporaryDirectory()
        let answers = Locked(sample.answers)
        let user = ScriptedUser { _ in answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] } }
        let state = StateDirectory(path: "\(directory.path)/state")
        try await Harness.with([Harness.entry(Script.recording, sample.settings)], state: state) { harness in
            let client = try harness.command(7, user)
            var outcomes: [String?] = []
            for number in 1...3 {
                let answer = try await client.tool(sample.tool, ["n": .integer(number)], id: number)
                outcomes.append(answer["error"]?["type"]?.stringValue)
            }
            #expect(outcomes == sample.outcomes)
            #expect(user.questions.elements.count == sample.questions)
            #expect(harness.calls.elements.last?.rule == sample.rule)
            let ran = zip(1..., outcomes).filter { $0.1 == nil }.map { "\(sample.tool) {\"n\":\($0.0)}" }
            try await harness.waitUntilRan(ran.count)
            #expect(harness.ran == ran, "the server's own log")
        }
    }

    @Test(
        arguments: [
            ["decision": false], ["decision": true], ["decision": 1], ["decision": 0.5], ["decision": []],
            ["decision": ["once", "deny"]], ["decision": [1]], ["decision": ["never"]], ["decision": ["once": true]],
            ["decision": ""], ["decision": "ONCE"], ["decision": "once "], ["Decision": "deny"], ["approved": false],
        ] as [JSONObject])
    func whatIsNoneOfTheChoicesApprovesNothing(content: JSONObject) {
        let answer = UserAnswer.accept(content)
        #expect(ApprovalAnswer(answer, mayLast: true, count: 1) == .unreadable)
        #expect(EgressQuestion.decision(in: answer) == .unreadable)
    }

    @Test(
        arguments: [
            (["readOnlyHint": true, "openWorldHint": false], false), (["readOnlyHint": true], true),
            (["openWorldHint": false], true), ([:], true), (["readOnlyHint": true, "openWorldHint": true], true),
            (["readOnlyHint": true, "openWorldHint": false, "destructiveHint": true], true),
            (["readOnlyHint": "true", "openWorldHint": false], true), (["readOnlyHint": 1, "openWorldHint": 0], true),
            (["destructiveHint": false, "idempotentHint": true], true),
        ] as [(JSONObject, Bool)])
    func aPersonIsAskedAboutWhateverIsNotDeclaredHarmless(hints: JSONObject, isAsked: Bool) {
        let entry = Harness.entry(Script.usual)
        let tool = Tool(name: "t", title: "t", description: "", inputSchema: [:], annotations: hints)
        if case .ask(let question) = ToolPolicy(entry).decision(on: tool) {
            #expect(isAsked)
            #expect(question.rule == "default")
        } else {
            #expect(!isAsked)
        }
    }

    @Test func theQuestionHasEverythingThatRuns() async throws {
        let user = ScriptedUser("once")
        try await Harness.with([Harness.entry(Script.recording)]) { harness in
            let client = try harness.command(7, user)
            let arguments: JSON = ["to": "ann\u{202E}@shop", "sum": 12.50, "none": nil, "many": [1, "zwei"]]
            #expect(try await client.tool("pay", arguments)["result"] != nil)
            let question = try #require(user.questions.elements.first)
            #expect(
                question.message == """
                    Code in the sandbox wants to call fake.pay
                    Server: fake
                    Tool: pay
                    Arguments: {"to":"ann\\u202e@shop","sum":12.5,"none":null,"many":[1,"zwei"]}
                    Why you are asked: It does not declare that it only reads, and only on this machine. (rule: default)
                    Script: 5c12
                    """)
            #expect(
                question.details == [
                    "kind": "approval", "server": "fake", "tool": "pay", "arguments": [arguments], "counts": [1],
                    "count": 1, "script": "5c12", "rule": "default",
                    "reason": "It does not declare that it only reads, and only on this machine.",
                ])
            #expect(question.details["arguments"]?.arrayValue?.map(\.text) == [arguments.text])
            guard case .form(let schema) = question.request else {
                Issue.record("no form")
                return
            }
            let decision = schema["properties"]?["decision"]
            #expect(decision?["enum"] == ["once", "session", "always", "deny"])
            #expect(schema["required"] == ["decision"])
        }
    }

    @Test func nothingRunsBeforeTheAnswerAndTheClockStandsStill() async throws {
        let mayAnswer = AsyncEvent()
        let user = ScriptedUser { _ in
            try await mayAnswer.waitUnlessCancelled()
            return .accept([:])
        }
        let clock = Recorder<String>()
        try await Harness.with([Harness.entry(Script.recording)]) { harness in
            let client = try harness.command(7, user, clock: clock)
            try await client.request(1, "call", ["server": "fake", "tool": "pay"])
            try await user.questions.wait(forCount: 1)
            // Others are not held up meanwhile.
            #expect(try await client.tool("read", id: 2)["result"] != nil)
            try await harness.waitUntilRan(1)
            #expect(harness.ran == ["read {}"])
            #expect(clock.elements == ["hold", "suspend"])
            mayAnswer.complete()
            #expect(try await client.answer(to: 1)["result"] != nil)
            #expect(clock.elements == ["hold", "suspend", "resume", "go on"])
            try await harness.waitUntilRan(2)
            #expect(harness.ran == ["read {}", "pay {}"])
        }
    }

    @Test func theTimeThatAPersonTakesIsNotTheCalls() async throws {
        let mayAnswer = AsyncEvent()
        let user = ScriptedUser { _ in
            try await mayAnswer.waitUnlessCancelled()
            return .accept([:])
        }
        try await Harness.with([Harness.entry(Script.recording, ["timeout": 2, "maxTimeout": 60])]) { harness in
            let client = try harness.command(7, user)
            try await client.request(1, "call", ["server": "fake", "tool": "pay", "timeout": 30])
            try await client.request(2, "call", ["server": "fake", "tool": "write"])
            try await user.questions.wait(forCount: 2)
            // Longer than the second call's own limit.
            try await Task.sleep(for: .seconds(2.3))
            mayAnswer.complete()
            #expect(try await client.answer(to: 1)["result"] != nil)
            _ = try await client.answer(to: 2)
            try await harness.waitUntilRan(2)
        }
    }

    @Test func aQuestionThatNobodyAnswersEndsAsADenial() async throws {
        let user = ScriptedUser.silent
        try await Harness.with([Harness.entry(Script.recording, ["approvalTimeout": 1])]) { harness in
            let client = try harness.command(7, user)
            let error = try await client.tool("pay")["error"]
            #expect(error?["type"] == "ToolDenied")
            #expect(error?["message"]?.stringValue?.contains("Nobody answered within 1 seconds.") == true)
            try await user.withdrawn.wait(forCount: 1)
            #expect(try await client.tool("pay", id: 2)["error"]?["type"] == "ToolDenied")
            #expect(user.questions.elements.count == 1, "a loop asks no more")
            #expect(harness.ran == [])
        }
    }

    @Test(arguments: ["the command", "the connection", "the call"])
    func whatEndsWhileItAsksWithdrawsTheQuestion(what: String) async throws {
        let user = ScriptedUser.silent
        let clock = Recorder<String>()
        try await Harness.with([Harness.entry(Script.recording)]) { harness in
            let client = try harness.command(7, user, clock: clock)
            try await client.request(1, "call", ["server": "fake", "tool": "pay"])
            try await user.questions.wait(forCount: 1)
            switch what {
            case "the command": #expect(await harness.session.endCommand(7) == "[tools: 1 call, fake 1; 1 failed]")
            case "the connection": client.cancel()
            default: try await client.send(line: ["method": "cancel", "params": ["id": 1]])
            }
            try await user.withdrawn.wait(forCount: 1)
            try await clock.wait { $0.contains("resume") }
            #expect(harness.ran == [])
            try await harness.calls.wait(forCount: 1)
            #expect(harness.calls.elements.map(\.outcome) == [.cancelled])
        }
    }

    @Test func twoCommandsAskAtOnceAndEachGetsItsAnswer() async throws {
        let both = Recorder<Void>()
        func user(_ answer: UserAnswer) -> ScriptedUser {
            ScriptedUser { _ in
                both.record(())
                try await both.wait(forCount: 2)
                return answer
            }
        }
        try await Harness.with([Harness.entry(Script.recording)]) { harness in
            let (first, second) = (try harness.command(7, user(.accept([:]))), try harness.command(8, user(.decline)))
            try await first.request(1, "call", ["server": "fake", "tool": "pay", "arguments": ["by": 7]])
            try await second.request(1, "call", ["server": "fake", "tool": "pay", "arguments": ["by": 8]])
            #expect(try await first.answer(to: 1)["result"] != nil)
            #expect(try await second.answer(to: 1)["error"]?["type"] == "ToolDenied")
            try await harness.waitUntilRan(1)
            #expect(harness.ran == [#"pay {"by":7}"#])
        }
    }

    @Test func aCommandMayAskOnlySoOften() async throws {
        let user = ScriptedUser("once")
        try await Harness.with([Harness.entry(Script.recording)]) { harness in
            let client = try harness.command(7, user)
            var types: [String?] = []
            for number in 1...(CommandQuestions.maxQuestions + 2) {
                types.append(
                    try await client.tool("pay", ["n": .integer(number)], id: number)["error"]?["type"]?.stringValue)
            }
            #expect(types.count { $0 == nil } == CommandQuestions.maxQuestions)
            #expect(types.suffix(2) == ["ToolDenied", "ToolDenied"])
            #expect(user.questions.elements.count == CommandQuestions.maxQuestions)
        }
    }

    @Test func processesInTheBackgroundAskNobody() async throws {
        try await Harness.with([Harness.entry(Script.recording)]) { harness in
            _ = try harness.command(7, ScriptedUser("always"))
            #expect(try await harness.connect().tool("pay")["error"]?["type"] == "ApprovalRequired")
        }
    }
}
