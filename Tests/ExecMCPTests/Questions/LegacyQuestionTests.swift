import Bridge
import ExecCore
import JSON
import JSONRPC
import MCP
import TestSupport
import Testing

@testable import ExecMCP

/// Questions as requests to a client of a revision with a handshake.
@Suite(.timeLimit(.minutes(3))) struct LegacyQuestionTests {
    private func session(
        _ filter: AskingFilter = AskingFilter(), revision: String = "2025-11-25",
        declares capabilities: JSON = ["elicitation": [:]]
    ) async throws -> SessionHarness {
        let session = try SessionHarness(pipeline: CallPipeline(filters: [filter]), bridge: .idle())
        try await session.initialize(revision, capabilities: capabilities)
        return session
    }

    private static let call: JSON = ["name": "execute_bash", "arguments": ["command": "ls"]]

    private func start(_ session: SessionHarness, id: JSON = 1) {
        session.send(SessionHarness.request("tools/call", Self.call, id: id))
    }

    /// Waits for the question with a number, from 1.
    private func question(_ number: Int = 1, in session: SessionHarness) async throws -> JSON {
        let messages = try await session.written.wait { messages in
            messages.count { $0["method"] == "elicitation/create" } >= number
        }
        return messages.filter { $0["method"] == "elicitation/create" }[number - 1]
    }

    private func text(of answer: JSON) -> String {
        answer["result"]?["content"]?.arrayValue?.first?["text"]?.stringValue ?? ""
    }

    private func respond(_ session: SessionHarness, to question: JSON, _ result: JSON) {
        session.send(["jsonrpc": "2.0", "id": question["id"] ?? .null, "result": result])
    }

    struct Case: Sendable {
        let response: JSON
        let answer: String
    }

    @Test(
        arguments: [
            Case(
                response: ["result": ["action": "accept", "content": ["decision": "once"]]],
                answer: #"accept {"decision":"once"}"#),
            Case(response: ["result": ["action": "accept"]], answer: "accept {}"),
            Case(response: ["result": ["action": "accept", "content": []]], answer: "accept {}"),
            Case(
                response: ["result": ["action": "accept", "content": ["a": 1.5, "b": .null, "c": ["x"]]]],
                answer: #"accept {"a":1.5,"c":["x"]}"#),
            Case(response: ["result": ["action": "decline", "content": ["decision": "once"]]], answer: "decline"),
            Case(response: ["result": ["action": "cancel"]], answer: "cancel"),
            Case(
                response: ["result": ["action": "approve"]],
                answer: "failed: the client's answer lacks a valid action"),
            Case(response: ["result": [:]], answer: "failed: the client's answer lacks a valid action"),
            Case(
                response: ["result": ["action": "accept", "content": ["a": ["b": 1]]]],
                answer: "failed: the client's answer is not the content of a form, or is too long"),
            Case(
                response: ["result": ["action": "accept", "content": "once"]],
                answer: "failed: the client's answer is not the content of a form, or is too long"),
            Case(
                response: [
                    "result": ["action": "accept", "content": ["a": .string(String(repeating: "x", count: 200_000))]]
                ], answer: "failed: the client's answer is not the content of a form, or is too long"),
            Case(
                response: ["error": ["code": -32600, "message": "Elicitation\nnot supported"]],
                answer: "unavailable: the client could not ask: Elicitation not supported (-32600)"),
            Case(
                response: ["result": "accept"],
                answer: "failed: the client's answer cannot be read, or is neither a result nor an error"),
        ])
    func theAnswerReachesTheCall(_ one: Case) async throws {
        let session = try await session()
        start(session)
        let question = try await question(in: session)
        #expect(question["params"]?["_meta"]?["exec-mcp/approval"]?["tool"] == "push")
        var response: JSONObject = ["jsonrpc": "2.0", "id": question["id"] ?? .null]
        for member in one.response.objectValue ?? [:] { response[member.key] = member.value }
        session.send(.object(response))
        #expect(text(of: try await session.answer(to: 1)) == one.answer)
    }

    @Test(
        arguments: [
            ("2025-11-25", [:]), ("2025-11-25", ["elicitation": .null]), ("2025-03-26", ["elicitation": [:]]),
            ("2024-11-05", ["elicitation": ["form": [:]]]), ("2025-06-18", ["sampling": [:]]),
        ] as [(String, JSON)])
    func aClientThatDeclaresNothingIsNotAsked(revision: String, capabilities: JSON) async throws {
        let session = try await session(revision: revision, declares: capabilities)
        start(session)
        #expect(text(of: try await session.answer(to: 1)) == "nobody can be asked")
    }

    @Test func aModeThatIsNotDeclaredIsNotUsed() async throws {
        for (capabilities, answer) in [
            (["elicitation": [:]], "failed: the client shows no URLs"),
            (["elicitation": ["url": [:]]], "cancel"),
        ] as [(JSON, String)] {
            let session = try await session(AskingFilter(rounds: [[.visit]]), declares: capabilities)
            start(session)
            if answer == "cancel" {
                let question = try await question(in: session)
                #expect(
                    question["params"] == [
                        "mode": "url", "message": "Sign in.", "url": "https://example.org/", "elicitationId": "e1",
                    ])
                respond(session, to: question, ["action": "cancel"])
            }
            #expect(text(of: try await session.answer(to: 1)) == answer)
        }
    }

    @Test(arguments: [
        #""result": {"action": "accept", "action": "decline"}"#,
        #""result": {"action": "accept"}, "result": {"action": "accept"}"#,
        #""method": "x", "result": {"action": "accept"}"#, #""method": "ping""#, #""method": 5"#,
        #""result": {"action": accept}"#, #""result": {"action": "accept""#, #""nothing": 1"#,
        #""result": {"action": "accept"}, "error": {"code": 1, "message": "m"}"#,
    ])
    func anAnswerThatCannotBeReadSettlesItsQuestion(members: String) async throws {
        let session = try await session()
        start(session)
        let question = try await question(in: session)
        session.send(#"{"jsonrpc": "2.0", "id": \#(question["id"]?.text ?? ""), \#(members)}"#)
        #expect(
            text(of: try await session.answer(to: 1))
                == "failed: the client's answer cannot be read, or is neither a result nor an error")
        _ = try await session.answer("ping")
        #expect(!session.written.elements.contains { $0["id"] == question["id"] && $0["method"] == nil })
    }

    @Test func anAnswerThatIsTooLongSettlesItsQuestion() async throws {
        let session = try await session()
        start(session)
        let question = try await question(in: session)
        session.receive(.tooLong(limit: 5, id: RequestID(question["id"])))
        #expect(text(of: try await session.answer(to: 1)).hasPrefix("failed: "))
    }

    private func start(_ session: SessionHarness, id: JSON, of user: String) {
        let params: JSON = [
            "name": "execute_bash", "arguments": ["command": "ls"], "_meta": ["x-user-id": .string(user)],
        ]
        session.send(SessionHarness.request("tools/call", params, id: id))
    }

    @Test func usersAreAskedInRotation() async throws {
        let session = try await session()
        start(session, id: 1, of: "ann")
        var open = try await question(in: session)
        for id in 2...4 { start(session, id: .integer(id), of: "ann") }
        start(session, id: 5, of: "bob")
        try await eventually { session.queuedQuestions >= 4 }
        var users: [JSON?] = []
        for number in 1...5 {
            open = try await question(number, in: session)
            users.append(open["params"]?["_meta"]?["x-user-id"])
            respond(session, to: open, ["action": "decline"])
        }
        #expect(users == ["ann", "bob", "ann", "ann", "ann"])
    }

    @Test func aUserLeavesRoomForQuestionsOfOthers() async throws {
        let session = try await session()
        for id in 1...ClientQuestions.maxWaiting / 2 { start(session, id: .integer(id), of: "ann") }
        try await eventually { session.waitingQuestions >= ClientQuestions.maxWaiting / 2 }
        start(session, id: 100, of: "ann")
        #expect(
            text(of: try await session.answer(to: 100)) == "failed: too many questions wait for the person already")
        start(session, id: 101, of: "bob")
        try await eventually { session.waitingQuestions > ClientQuestions.maxWaiting / 2 }
        await session.close()
    }

    @Test func aQuestionSaysWhoseItIsToAClientOfSeveralUsers() async throws {
        for (user, message) in [
            (nil, "May git.push be called?"), ("default", "May git.push be called?"),
            ("bob", "For the user bob:\n\nMay git.push be called?"),
        ] as [(String?, String)] {
            let session = try await session()
            if let user { start(session, id: 1, of: user) } else { start(session) }
            let params = try await question(in: session)["params"]
            #expect(params?["message"]?.stringValue == message)
            #expect(params?["_meta"]?["x-user-id"]?.stringValue == user)
            #expect(params?["_meta"]?["exec-mcp/approval"]?["tool"] == "push")
            await session.close()
        }
    }

    @Test func oneQuestionIsAskedAtATime() async throws {
        let session = try await session()
        start(session, id: 1)
        start(session, id: 2)
        let first = try await question(in: session)
        // The second call has come as far as it can.
        _ = try await session.answer("ping")
        #expect(session.written.elements.count { $0["method"] == "elicitation/create" } == 1)
        respond(session, to: first, ["action": "decline"])
        let second = try await question(2, in: session)
        #expect(first["id"] != second["id"])
        respond(session, to: second, ["action": "cancel"])
        let texts = [text(of: try await session.answer(to: 1)), text(of: try await session.answer(to: 2))]
        #expect(Set(texts) == ["decline", "cancel"])
    }

    @Test func aCancelledCallWithdrawsItsQuestion() async throws {
        let filter = AskingFilter()
        let session = try await session(filter)
        start(session)
        let question = try await question(in: session)
        session.send(["jsonrpc": "2.0", "method": "notifications/cancelled", "params": ["requestId": 1]])
        let messages = try await session.written.wait { messages in
            messages.contains { $0["method"] == "notifications/cancelled" }
        }
        #expect(messages.last { $0["method"] == "notifications/cancelled" }?["params"]?["requestId"] == question["id"])
        // A late answer, and one to a question that was never asked, change nothing.
        respond(session, to: question, ["action": "accept"])
        session.send(["jsonrpc": "2.0", "id": "exec-mcp/question/99", "result": ["action": "accept"]])
        session.send(["jsonrpc": "2.0", "id": 1, "result": ["action": "accept"]])
        _ = try await session.answer("ping")
        #expect(try await filter.answers.wait { !$0.isEmpty } == [.cancel])
        #expect(!session.written.elements.contains { $0["id"] == 1 })
    }

    @Test func theEndOfTheSessionEndsQuestions() async throws {
        let filter = AskingFilter(rounds: [[.approval], [.approval]])
        let session = try await session(filter)
        start(session)
        _ = try await question(in: session)
        await session.close()
        let answers = try await filter.answers.wait { $0.count == 2 }
        #expect(answers == [.gone, .gone])
    }

    @Test func answersInABatchCountToo() async throws {
        let session = try await session()
        start(session)
        let question = try await question(in: session)
        session.send([["jsonrpc": "2.0", "id": question["id"] ?? .null, "result": ["action": "decline"]]])
        #expect(text(of: try await session.answer(to: 1)) == "decline")
    }

    @Test func otherCallsAndToolsGoOnMeanwhile() async throws {
        let session = try await session()
        start(session)
        let question = try await question(in: session)
        _ = try await session.answer("tools/list")
        let read = try await session.answer("tools/call", ["name": "read_file", "arguments": ["file_path": "x"]])
        // No other tool ever asks.
        #expect(text(of: read) == "nobody can be asked")
        respond(session, to: question, ["action": "decline"])
        #expect(text(of: try await session.answer(to: 1)) == "decline")
    }
}
