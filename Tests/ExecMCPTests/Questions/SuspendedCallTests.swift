import Bridge
import ExecCore
import JSON
import JSONRPC
import MCP
import TestSupport
import Testing
import Threading

@testable import ExecMCP

/// Questions in the result of a modern client's request, and the request repeated with the answers.
@Suite(.timeLimit(.minutes(3))) struct SuspendedCallTests {
    private let filter: AskingFilter
    private let session: SessionHarness

    init() throws {
        try self.init(AskingFilter())
    }

    private init(_ filter: AskingFilter) throws {
        self.filter = filter
        session = try SessionHarness(pipeline: CallPipeline(filters: [filter]), bridge: .idle())
    }

    private static let accept: JSON = ["action": "accept", "content": ["decision": "once"]]

    private func params(
        tool: String = "execute_bash", arguments: JSON = ["command": "ls"], capabilities: JSON = ["elicitation": [:]],
        user: JSON? = nil, token: JSON? = nil, _ others: JSONObject = [:]
    ) -> JSON {
        var meta: JSONObject = [MetaKey.protocolVersion: "2026-07-28", MetaKey.clientCapabilities: capabilities]
        meta[MetaKey.user] = user
        meta[MetaKey.progressToken] = token
        var params: JSONObject = ["name": .string(tool), "arguments": arguments, "_meta": .object(meta)]
        for member in others { params[member.key] = member.value }
        return .object(params)
    }

    /// Makes the first request. Returns its result, which asks.
    private func asked(_ capabilities: JSON = ["elicitation": [:]]) async throws -> JSON {
        let answer = try await session.answer("tools/call", params(capabilities: capabilities))
        return try #require(answer["result"])
    }

    private func keys(_ asked: JSON) -> [String] { asked["inputRequests"]?.objectValue?.keys ?? [] }

    /// The members that a repeated request adds, with the same response to all questions.
    private func responses(to asked: JSON, _ response: JSON = accept) -> JSONObject {
        let responses = keys(asked).reduce(into: JSONObject()) { $0[$1] = response }
        return ["inputResponses": .object(responses), "requestState": asked["requestState"] ?? .null]
    }

    private func text(of answer: JSON) -> String {
        answer["result"]?["content"]?.arrayValue?.first?["text"]?.stringValue ?? ""
    }

    @Test func theCallAsksAndGoesOnWithTheAnswer() async throws {
        let asked = try await asked()
        #expect(asked["resultType"] == "input_required")
        #expect(asked.objectValue?.keys == ["resultType", "inputRequests", "requestState", "_meta"])
        let request = try #require(asked["inputRequests"]?[keys(asked)[0]])
        #expect(request["method"] == "elicitation/create")
        #expect(request["params"]?["mode"] == "form")
        #expect(request["params"]?["requestedSchema"]?["properties"]?["decision"]?["oneOf"] != nil)
        #expect(filter.answers.elements.isEmpty)
        let answer = try await session.answer("tools/call", params(responses(to: asked)))
        #expect(text(of: answer) == #"accept {"decision":"once"}"#)
        #expect(answer["result"]?["resultType"] == "complete")
    }

    @Test(arguments: ["decline", "cancel"])
    func aRefusalReachesTheCall(action: String) async throws {
        let asked = try await asked()
        let answer = try await session.answer(
            "tools/call", params(responses(to: asked, ["action": .string(action), "content": ["decision": "once"]])))
        #expect(text(of: answer) == action)
    }

    @Test func aClientThatDeclaresNothingIsNotAsked() async throws {
        for capabilities: JSON in [[:], ["elicitation": .null], ["sampling": [:]]] {
            let answer = try await session.answer("tools/call", params(capabilities: capabilities))
            #expect(text(of: answer) == "nobody can be asked")
        }
        // Nor is the declaration of another request, or of a handshake, one of this.
        try await session.initialize("2025-11-25", capabilities: ["elicitation": [:]])
        #expect(text(of: try await session.answer("tools/call", params(capabilities: [:]))) == "nobody can be asked")
    }

    @Test func aRequestThatBelongsToNoSuspendedCallIsRefused() async throws {
        let asked = try await asked()
        let own = responses(to: asked)
        var guessed = own
        guessed["requestState"] = "0123456789abcdef0123456789abcdef"
        var typed = own
        typed["requestState"] = 5
        for params in [
            params(arguments: ["command": "ls -l"], own), params(user: "ann", own), params(guessed), params(typed),
            params(tool: "read_file", arguments: ["file_path": "ls"], own),
            params(["requestState": own["requestState"] ?? .null, "inputResponses": 5]),
        ] {
            #expect(try await session.answer("tools/call", params).errorCode == -32602)
        }
        #expect(filter.answers.elements.isEmpty)
        // The call itself still waits, and its state can be used once.
        #expect(text(of: try await session.answer("tools/call", params(own))).hasPrefix("accept"))
        #expect(try await session.answer("tools/call", params(own)).errorCode == -32602)
    }

    @Test func aRepetitionThatIsRefusedCanBeRepeated() async throws {
        let asked = try await asked()
        let listen: JSON = [
            "notifications": ["toolsListChanged": true],
            "_meta": [MetaKey.protocolVersion: "2026-07-28", MetaKey.clientCapabilities: [:]],
        ]
        session.send(SessionHarness.request("subscriptions/listen", listen, id: 7))
        // Its id is in use.
        let again = params(responses(to: asked))
        session.send(SessionHarness.request("tools/call", again, id: 7))
        #expect(try await session.answer(to: 7).errorCode == -32600)
        #expect(filter.answers.elements.isEmpty)
        #expect(text(of: try await session.answer("tools/call", again)).hasPrefix("accept"))
        await session.close()
    }

    @Test func theOrderOfTheArgumentsDoesNotMatter() async throws {
        let first = params(arguments: ["command": "ls", "timeout": 5])
        let asked = try #require(try await session.answer("tools/call", first)["result"])
        let second = params(arguments: ["timeout": 5, "command": "ls"], responses(to: asked))
        #expect(text(of: try await session.answer("tools/call", second)).hasPrefix("accept"))
    }

    @Test func severalQuestionsComeTogetherAndMoreInAnotherRound() async throws {
        let test = try Self(AskingFilter(rounds: [[.approval, .approval], [.approval]]))
        let first = try await test.asked()
        #expect(test.keys(first).count == 2)
        let second = try #require(
            try await test.session.answer("tools/call", test.params(test.responses(to: first)))["result"])
        #expect(second["resultType"] == "input_required")
        #expect(test.keys(second).count == 1)
        #expect(first["requestState"] != second["requestState"])
        #expect(!test.keys(first).contains(test.keys(second)[0]))
        let answer = try await test.session.answer(
            "tools/call", test.params(test.responses(to: second, ["action": "decline"])))
        #expect(test.text(of: answer) == #"accept {"decision":"once"}, accept {"decision":"once"}, decline"#)
    }

    @Test func whatIsNotAnsweredIsAskedAgain() async throws {
        let test = try Self(AskingFilter(rounds: [[.approval, .approval]]))
        let first = try await test.asked()
        let (one, other) = (test.keys(first)[0], test.keys(first)[1])
        let second = try #require(
            try await test.session.answer(
                "tools/call",
                test.params([
                    "inputResponses": .object([one: ["action": "decline"], "unknown": ["action": "decline"], other: 5]),
                    "requestState": first["requestState"] ?? .null,
                ]))["result"])
        #expect(test.keys(second) == [other])
        // An answer to the first question comes too late.
        let answer = try await test.session.answer(
            "tools/call",
            test.params([
                "inputResponses": .object([one: Self.accept, other: ["action": "cancel"]]),
                "requestState": second["requestState"] ?? .null,
            ]))
        #expect(test.text(of: answer) == "decline, cancel" || test.text(of: answer) == "cancel, decline")
    }

    @Test func aClientThatCanNoLongerAskIsNotAskedAgain() async throws {
        let asked = try await asked()
        let again = params(capabilities: [:], ["requestState": asked["requestState"] ?? .null])
        #expect(text(of: try await session.answer("tools/call", again)) == "unavailable: the client can no longer ask")
    }

    @Test func theProgressOfAResumedCallGoesToTheRepeatedRequest() async throws {
        let gates = (before: AsyncGate(), after: AsyncGate())
        let test = try Self(AskingFilter(gates: gates))
        func progress(_ token: String, _ line: String) async throws {
            try await test.session.written.wait { messages in
                messages.contains {
                    $0["params"]?["progressToken"] == .string(token) && $0["params"]?["message"] == .string(line)
                }
            }
        }
        test.session.send(SessionHarness.request("tools/call", test.params(token: "first"), id: 1))
        try await progress("first", "before")
        await gates.before.open()
        let asked = try #require(try await test.session.answer(to: 1)["result"])
        let again = test.params(token: "second", test.responses(to: asked))
        test.session.send(SessionHarness.request("tools/call", again, id: 2))
        try await progress("second", "after")
        await gates.after.open()
        _ = try await test.session.answer(to: 2)
        let tokens = test.session.written.elements.compactMap { $0["params"]?["progressToken"]?.stringValue }
        // Signs of life may come between the lines.
        let turns = tokens.reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }
        #expect(turns == ["first", "second"])
    }

    @Test func aCancelledRepetitionCancelsTheCall() async throws {
        let test = try Self(AskingFilter(rounds: [[.approval, .approval]]))
        let first = try await test.asked()
        let params = test.params([
            "inputResponses": .object([test.keys(first)[0]: Self.accept]),
            "requestState": first["requestState"] ?? .null,
        ])
        test.session.send(SessionHarness.request("tools/call", params, id: 7))
        test.session.send(["jsonrpc": "2.0", "method": "notifications/cancelled", "params": ["requestId": 7]])
        let answers = try await test.filter.answers.wait(forCount: 2)
        #expect(answers.contains(.cancel))
        _ = try await test.session.answer("ping-that-is-unknown")
        #expect(!test.session.written.elements.contains { $0["id"] == 7 })
    }

    @Test func aCancelledFirstRequestCancelsTheCall() async throws {
        session.send(SessionHarness.request("tools/call", params(), id: 7))
        session.send(["jsonrpc": "2.0", "method": "notifications/cancelled", "params": ["requestId": 7]])
        #expect(try await filter.answers.wait(forCount: 1) == [.cancel])
    }

    @Test func otherRequestsAreServedWhileACallIsSuspended() async throws {
        let first = try await asked()
        let second = try await asked()
        #expect(first["requestState"] != second["requestState"])
        let read = params(tool: "read_file", arguments: ["file_path": "x"])
        #expect(text(of: try await session.answer("tools/call", read)) == "nobody can be asked")
        for (asked, action) in [(second, "decline"), (first, "cancel")] {
            let answer = try await session.answer(
                "tools/call", params(responses(to: asked, ["action": .string(action)])))
            #expect(text(of: answer) == action)
        }
    }

    @Test func theEndOfTheSessionEndsSuspendedCalls() async throws {
        _ = try await asked()
        await session.close()
        #expect(try await filter.answers.wait(forCount: 1) == [.gone])
    }

    @Test func moreCallsThanAreKeptAreToldThatNobodyCanBeAsked() async throws {
        func first(of user: JSON?) async throws -> JSON {
            try await session.answer("tools/call", params(user: user))
        }
        for _ in 0..<SuspendedCalls.maxCount / 2 {
            #expect(try await first(of: nil)["result"]?["resultType"] == "input_required")
        }
        let refusal = "failed: too many commands wait for answers"
        #expect(text(of: try await first(of: nil)) == refusal)
        // The rest is for others, of whom none gets all of it.
        for _ in 0..<SuspendedCalls.maxCount / 4 {
            #expect(try await first(of: "ann")["result"]?["resultType"] == "input_required")
        }
        #expect(text(of: try await first(of: "ann")) == refusal)
        #expect(try await first(of: "bob")["result"]?["resultType"] == "input_required")
        await session.close()
    }

    /// A call that was answered with a question, and what becomes of it.
    private struct Suspended {
        let calls: SuspendedCalls
        let time = HeldTime()
        /// Withdraws the question, as those who ask do when nobody has answered in time.
        let withdrawal = AsyncEvent()
        let isCancelled = AsyncEvent()
        let answers = Recorder<UserAnswer>()
        let asked: JSONObject
        private let identity: CallIdentity
        private let context = RequestContext(
            revision: .july2026, meta: [MetaKey.clientCapabilities: ["elicitation": [:]]])

        /// - Parameter isLong: whether it goes on after its question, until it is cancelled.
        init(isLong: Bool) async throws {
            calls = SuspendedCalls(clock: time.clock)
            let user = try #require(UserID("ann"))
            identity = CallIdentity(user: user, tool: "execute_bash", arguments: [:])
            let call = ToolCall(
                name: "execute_bash", user: user, context: context,
                audit: AuditedCall(in: nil, of: nil, nil, by: user, context)
            ) { [withdrawal, isCancelled, answers] _, interaction in
                let asking = Task { await interaction?.ask(.approval) ?? .decline }
                let withdrawing = Task {
                    try await withdrawal.waitUnlessCancelled()
                    asking.cancel()
                }
                await withTaskCancellationHandler {
                    answers.record(await asking.value)
                    withdrawing.cancel()
                    if isLong { try? await AsyncEvent().waitUnlessCancelled() }
                } onCancel: {
                    isCancelled.complete()
                    asking.cancel()
                }
                return .tool(ToolResult(content: [.text("done")]))
            }
            asked = try await calls.answer(to: call, identity, size: 1, RequestNotifier(id: .integer(1)) { _ in }) {
                await CallPipeline().answer(to: $0)
            }
            #expect(asked["resultType"] == "input_required")
        }

        /// Repeats the request, without an answer.
        func resume() async throws -> JSONObject {
            let request = Request(
                id: .integer(2), method: "tools/call", params: ["requestState": asked["requestState"] ?? .null])
            guard case .deferred(_, let work) = try calls.resume(request, identity, context) else { return [:] }
            return try await work(RequestNotifier(id: .integer(2)) { _ in })
        }
    }

    @Test func aCallOfAClientThatDoesNotComeBackIsCancelled() async throws {
        let call = try await Suspended(isLong: true)
        _ = try await call.time.sleeps.wait { $0.contains(SuspendedCalls.maxSeconds) }
        call.time.pass(SuspendedCalls.maxSeconds)
        #expect(try await call.answers.wait(forCount: 1) == [.cancel])
        await call.isCancelled.wait()
        await #expect(throws: RPCError.self) { try await call.resume() }
    }

    @Test func fiveMinutesAfterItsQuestionsHaveClosedACallIsCancelled() async throws {
        let call = try await Suspended(isLong: true)
        call.withdrawal.complete()
        #expect(try await call.answers.wait(forCount: 1) == [.cancel])
        _ = try await call.time.sleeps.wait { $0.contains(300) }
        call.time.pass(300)
        await call.isCancelled.wait()
        await #expect(throws: RPCError.self) { try await call.resume() }
    }

    @Test func aClientThatComesBackWithinFiveMinutesGetsTheResult() async throws {
        let call = try await Suspended(isLong: false)
        call.withdrawal.complete()
        _ = try await call.time.sleeps.wait { $0.contains(300) }
        call.time.pass(299.9)
        #expect(try await call.resume()["content"] == [["type": "text", "text": "done"]])
        // And nothing is left that could expire.
        await #expect(throws: RPCError.self) { try await call.resume() }
    }

    @Test func aCallThatIsTooLargeToBeKeptIsToldSo() async throws {
        let limit = SuspendedCalls.maxBytes / 2
        func asked(_ size: Int, _ calls: SuspendedCalls, of name: String = "ann") async throws -> JSONObject {
            let user = try #require(UserID(name))
            let context = RequestContext(
                revision: .july2026, meta: [MetaKey.clientCapabilities: ["elicitation": [:]]])
            let call = ToolCall(
                name: "execute_bash", user: user, context: context,
                audit: AuditedCall(in: nil, of: nil, nil, by: user, context)
            ) { _, interaction in
                .tool(ToolResult(content: [.text(await interaction?.ask(.approval).text ?? "")]))
            }
            let identity = CallIdentity(user: user, tool: "execute_bash", arguments: [:])
            return try await calls.answer(to: call, identity, size: size, RequestNotifier(id: .integer(1)) { _ in }) {
                await CallPipeline().answer(to: $0)
            }
        }
        let calls = SuspendedCalls()
        let refused = try await asked(limit + 1, calls)
        let reason = "failed: a command that waits for answers may have 32 MiB: run a file that has the rest"
        #expect(refused["content"] == [["type": "text", "text": .string(reason)]])
        // One call of the largest size leaves half of the room to others.
        #expect(try await asked(limit, calls)["resultType"] == "input_required")
        #expect(try await asked(1, calls)["resultType"] != "input_required")
        #expect(try await asked(limit / 2, calls, of: "bob")["resultType"] == "input_required")
        calls.close()
    }

    @Test func aCallAsksNoMoreThanItMay() async throws {
        let questions = OpenQuestions(
            for: RequestContext(revision: .july2026, meta: [MetaKey.clientCapabilities: ["elicitation": [:]]]))
        let answers = await withTaskGroup(of: UserAnswer.self) { group in
            for _ in 0...OpenQuestions.maxOpen { group.addTask { await questions.ask(.approval) } }
            let refused = await group.next()
            questions.settleAll(.decline)
            return await group.reduce(into: [refused]) { $0.append($1) }
        }
        #expect(answers.first == .failed("\(OpenQuestions.maxOpen) questions of the command are open already"))
        #expect(answers.dropFirst().allSatisfy { $0 == .decline })
        #expect(answers.count == OpenQuestions.maxOpen + 1)
    }
}
