import JSON
import MCPClient
import OpenAI
import TestSupport
import Testing
import Threading

@testable import ExecAgent

@Suite(.timeLimit(.minutes(3))) struct QuestionRouteTests {
    private static let accepted: JSON = ["action": "accept", "content": ["decision": "session"]]

    private static var asking: ServiceOptions {
        var options = ServiceOptions()
        options.approval = .ask
        return options
    }

    /// A runner whose runs ask a question each, and answer with what became of it.
    private func runner(_ questions: ServerQuestion..., asked: Recorder<String> = Recorder()) -> FakeRunner {
        let rest = Locked(questions)
        return FakeRunner { request, tell in
            guard let answerer = request.answerer, let question = rest.withLock({ $0.isEmpty ? nil : $0.removeFirst() })
            else { return await FakeRunner.says("nobody to ask", tell) }
            let outcome = await answerer.answer(question) { asked.record(question.id) }
            await tell(.questionClosed(question, outcome))
            return await FakeRunner.says("\(outcome.name) \(question.decision(in: outcome)?.rawValue ?? "")", tell)
        }
    }

    private func list(_ trial: ServiceTrial, of user: String, fields: String = "") async throws -> [JSON] {
        let answer = try await trial.ask("GET", "/v1/sessions/\(user)/questions", fields: fields)
        #expect(answer.status == 200)
        return answer.json["data"]?.arrayValue ?? []
    }

    private func answer(
        _ trial: ServiceTrial, _ id: String, of user: String, _ body: JSON = accepted, fields: String = ""
    ) async throws -> Answer {
        try await trial.ask("POST", "/v1/sessions/\(user)/questions/\(id)", body, fields: fields)
    }

    @Test func aQuestionIsListedToItsUserAndAnsweredByThem() async throws {
        let asked = Recorder<String>()
        let trial = ServiceTrial(runner(try .approval(), asked: asked), options: Self.asking)
        try await trial.run { trial in
            let run = Task { try await trial.say("go", ["user": "ann"]) }
            try await asked.wait(forCount: 1)
            let questions = try await list(trial, of: "ann")
            let question = try #require(questions.first)
            #expect(questions.count == 1)
            #expect(question["id"] == "q1")
            #expect(question["server"] == "exec-mcp")
            #expect(question["approval"]?["arguments"] == [["title": "Dentist"]])
            #expect(question["run"]?.stringValue?.hasPrefix("chatcmpl-") == true)
            let created = try #require(question["created"]?.integerValue)
            #expect(question["expires"] == .integer(created + 120))
            #expect(try await list(trial, of: "bob").isEmpty)
            #expect(try await list(trial, of: "default").isEmpty)
            let own = try await answer(trial, "q1", of: "ann")
            #expect(own.json == ["id": "q1", "object": "question", "answered": true])
            #expect(try await run.value.body.contains("accepted session"))
            #expect(try await answer(trial, "q1", of: "ann").status == 404)
            #expect(try await list(trial, of: "ann").isEmpty)
        }
    }

    @Test func anotherUserLearnsNothingOfAQuestion() async throws {
        let asked = Recorder<String>()
        let trial = ServiceTrial(runner(try .approval(), asked: asked), options: Self.asking)
        try await trial.run { trial in
            let run = Task { try await trial.say("go", ["user": "ann"]) }
            try await asked.wait(forCount: 1)
            let foreign = try await answer(trial, "q1", of: "bob")
            let unknown = try await answer(trial, "q2", of: "bob")
            #expect(foreign.status == 404)
            #expect(foreign.json == unknown.json)
            // A front end that names another person does not reach this one's questions either.
            let field = "X-OpenWebUI-User-Id: bob\r\n"
            #expect(try await answer(trial, "q1", of: "ann", fields: field).status == 404)
            #expect(try await list(trial, of: "ann", fields: field).isEmpty)
            #expect(try await answer(trial, "q1", of: "ann", ["action": "decline"]).status == 200)
            #expect(try await run.value.body.contains("declined deny"))
        }
    }

    @Test(
        arguments: [
            "no object", ["action": "maybe"], ["content": ["decision": "once"]], ["action": "accept"],
            ["action": "accept", "content": ["decision": "forever"]], ["action": "accept", "content": ["decision": 1]],
            ["action": "accept", "content": ["decision": "once", "other": "x"]],
            ["action": "accept", "content": "once"],
        ] as [JSON])
    func anAnswerThatDoesNotFitLeavesTheQuestionOpen(body: JSON) async throws {
        let asked = Recorder<String>()
        let trial = ServiceTrial(runner(try .approval(), asked: asked), options: Self.asking)
        try await trial.run { trial in
            let run = Task { try await trial.say("go", ["user": "ann"]) }
            try await asked.wait(forCount: 1)
            #expect(try await answer(trial, "q1", of: "ann", body).status == 400)
            #expect(try await list(trial, of: "ann").count == 1)
            #expect(try await answer(trial, "q1", of: "ann", ["action": "cancel"]).status == 200)
            #expect(try await run.value.body.contains("cancelled"))
        }
    }

    @Test func aPageOfAnotherKindCannotAnswer() async throws {
        let asked = Recorder<String>()
        let trial = ServiceTrial(runner(try .approval(), asked: asked), options: Self.asking)
        try await trial.run { trial in
            let run = Task { try await trial.say("go", ["user": "ann"]) }
            try await asked.wait(forCount: 1)
            let body = Self.accepted.text
            let client = try RawClient(port: trial.port)
            try client.send(
                "POST /v1/sessions/ann/questions/q1 HTTP/1.1\r\nHost: 127.0.0.1:\(trial.port)\r\nConnection: close\r\n"
                    + "Sec-Fetch-Site: same-origin\r\nContent-Type: text/plain\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            #expect(try await Answer(client.readToEnd()).status == 415)
            #expect(try await answer(trial, "q1", of: "ann", fields: "Origin: https://a.example\r\n").status == 403)
            #expect(try await answer(trial, "q1", of: "ann").status == 200)
            _ = try await run.value
        }
    }

    @Test func aQuestionThatNobodyAnswersExpires() async throws {
        let clock = StoppedClock()
        let asked = Recorder<String>()
        let trial = ServiceTrial(runner(try .approval(), asked: asked), options: Self.asking, clock: clock.clock)
        try await trial.run { trial in
            let run = Task { try await trial.say("go", ["user": "ann"]) }
            try await asked.wait(forCount: 1)
            clock.advance()
            #expect(try await run.value.body.contains("expired"))
            #expect(try await answer(trial, "q1", of: "ann").status == 404)
        }
    }

    @Test func aQuestionGoesWithTheClientOfItsRun() async throws {
        let asked = Recorder<String>()
        let trial = ServiceTrial(runner(try .approval(), asked: asked), options: Self.asking)
        try await trial.run { trial in
            let client = try trial.send(
                "POST", "/v1/chat/completions",
                ServiceTrial.body([["role": "user", "content": "go"]], ["user": "ann", "stream": true]))
            try await asked.wait(forCount: 1)
            client.close()
            while try await !list(trial, of: "ann").isEmpty { try await Task.sleep(for: .milliseconds(10)) }
            #expect(try await answer(trial, "q1", of: "ann").status == 404)
        }
    }

    @Test(arguments: [ApprovalMode.never, .page])
    func withoutAskingNobodyIsAsked(mode: ApprovalMode) async throws {
        var options = ServiceOptions()
        options.approval = mode
        let trial = ServiceTrial(runner(try .approval()), options: options)
        try await trial.run { trial in
            let said = try await trial.say("go", ["user": "ann"])
            #expect(said.body.contains("nobody to ask"))
            #expect(try await list(trial, of: "ann").isEmpty)
        }
    }

    @Test func whoStartedARunOnThePageIsAskedThere() async throws {
        var options = ServiceOptions()
        options.approval = .page
        let asked = Recorder<String>()
        let trial = ServiceTrial(runner(try .approval(), asked: asked), options: options)
        try await trial.run { trial in
            #expect(try await trial.say("go", ["user": "ann"]).body.contains("nobody to ask"))
            let (run, _) = try await trial.start(fields: "X-Agent-User: ann\r\n")
            try await asked.wait(forCount: 1)
            #expect(try await list(trial, of: "ann").map { $0["run"] } == [.string(run)])
            #expect(try await answer(trial, "q1", of: "ann").status == 200)
            #expect(try await trial.watch(run, fields: "X-Agent-User: ann\r\n").text == "accepted session")
        }
    }

    @Test func approvalsCanBeGivenByARule() async throws {
        var options = Self.asking
        options.approval = .always
        let asked = Recorder<String>()
        let form = try ServerQuestion.form(["name": ["type": "string"]])
        let trial = ServiceTrial(runner(try .approval(), form, asked: asked), options: options)
        try await trial.run { trial in
            #expect(try await trial.say("go", ["user": "ann"]).body.contains("accepted once"))
            let run = Task { try await trial.say("go", ["user": "ann"]) }
            try await asked.wait(forCount: 1)
            let content: JSON = ["action": "accept", "content": ["name": "Ann"]]
            #expect(try await answer(trial, "q1", of: "ann", content).status == 200)
            #expect(try await run.value.body.contains("accepted"))
        }
    }

    @Test func noUserCanHaveTooManyQuestions() async throws {
        let pending = PendingQuestions(seconds: 60, maxCount: 3, maxPerUser: 2)
        let asked = Recorder<String>()
        try await withThrowingTaskGroup(of: QuestionOutcome.self) { group in
            for (number, user) in ["ann", "ann", "bob"].enumerated() {
                let question = try ServerQuestion.approval(id: "q\(number)")
                group.addTask { await pending.ask(question, of: user, run: "r") { asked.record(question.id) } }
                try await asked.wait(forCount: number + 1)
            }
            let more = try ServerQuestion.approval(id: "q3")
            let refused = QuestionOutcome.notAsked("too many questions wait already")
            #expect(await pending.ask(more, of: "bob", run: "r") {} == refused)
            #expect(pending.answer("q2", of: "bob", .decline))
            #expect(await pending.ask(more, of: "ann", run: "r") {} == refused)
            #expect(pending.open(of: "ann").map(\.question.id) == ["q0", "q1"])
            group.cancelAll()
            var outcomes: [QuestionOutcome] = []
            for try await outcome in group { outcomes.append(outcome) }
            #expect(outcomes.count { $0 == .withdrawn } == 2)
            #expect(pending.open(of: "ann").isEmpty)
        }
    }
}
