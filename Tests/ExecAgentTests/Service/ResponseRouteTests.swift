import JSON
import OpenAI
import TestSupport
import Testing

@testable import ExecAgent

/// `/v1/responses`, without the background.
@Suite(.timeLimit(.minutes(3))) struct ResponseRouteTests {
    private static let look = ChatToolCall(id: "c1", name: "execute_bash", arguments: #"{"command":"ls"}"#)
    private static let ended = AgentEvent.ToolEnd(
        callID: "c1", name: "execute_bash", isError: false, exitCode: 0, duration: 0.25, artifacts: [])

    private let busy = FakeRunner { _, tell in
        await tell(.retrying(reason: "503", seconds: 1.5))
        await tell(.toolStarted(look))
        await tell(.toolProgress(callID: "c1", message: "half"))
        await tell(.toolEnded(ended))
        return await FakeRunner.says("hello", tell)
    }

    /// Says back what the user said.
    private let echo = FakeRunner { request, tell in
        await FakeRunner.says("re: \(request.conversation.last?.text ?? "")", tell)
    }

    private func id(_ answer: Answer) throws -> String { try #require(answer.json["id"]?.stringValue) }

    @Test func answersWhole() async throws {
        try await ServiceTrial(busy).run { trial in
            let answer = try await trial.respond(["input": "hi", "model": "m1", "temperature": 0.5, "user": "ann"])
            #expect(answer.status == 200)
            #expect(answer.outputText == "hello")
            let json = answer.json
            #expect(json["object"] == "response")
            #expect(json["status"] == "completed")
            #expect(json["model"] == "m1")
            #expect(json["id"]?.stringValue?.hasPrefix("resp_") == true)
            #expect(json["usage"]?["input_tokens"] == 5)
            #expect(json["output"]?.arrayValue?.map { $0["type"] } == ["reasoning", "mcp_call", "message"])
        }
        let request = try #require(busy.requests.elements.first)
        #expect(request.user == "ann")
        #expect(request.model == "m1")
        #expect(request.parameters == ["temperature": 0.5])
        #expect(request.lines == ["user: hi"])
    }

    @Test func streamsTheSame() async throws {
        try await ServiceTrial(busy).run { trial in
            let answer = try await trial.respond(["input": "hi", "stream": true])
            #expect(answer.field("Content-Type") == "text/event-stream; charset=utf-8")
            #expect(answer.eventTypes.first == "response.created")
            #expect(answer.eventTypes.last == "response.completed")
            #expect(answer.chunks.map { $0["sequence_number"] } == (0..<answer.chunks.count).map { .integer($0) })
            for (type, event) in zip(answer.eventTypes, answer.body.split(separator: "\n\n")) {
                #expect(event.hasPrefix("event: \(type)\ndata: "))
            }
            let last = try #require(answer.chunks.last?["response"])
            #expect(Answer.outputText(last) == "hello")
            let stored = try await trial.ask("GET", "/v1/responses/\(last["id"]?.stringValue ?? "")")
            #expect(stored.json == last)
        }
    }

    @Test func goesOnFromAResponse() async throws {
        try await ServiceTrial(echo).run { trial in
            let first = try await trial.respond(["input": "one", "instructions": "Be brief.", "user": "ann"])
            let second = try await trial.respond(["input": "two", "previous_response_id": .string(id(first))])
            #expect(second.json["previous_response_id"] == first.json["id"])
            _ = try await trial.respond(["input": "three", "previous_response_id": .string(id(second)), "user": "ann"])
            // A response can be continued in several ways.
            _ = try await trial.respond(["input": "other", "previous_response_id": .string(id(first)), "user": "ann"])
        }
        let requests = echo.requests.elements
        #expect(requests[0].lines == ["system: Be brief.", "user: one"])
        #expect(requests[1].lines == ["user: one", "assistant: re: one", "user: two"])
        #expect(requests[1].user == "ann", "the sandbox stays")
        #expect(requests[2].lines.suffix(2) == ["assistant: re: two", "user: three"])
        #expect(requests[3].lines == ["user: one", "assistant: re: one", "user: other"])
    }

    @Test func aUserSeesNothingOfAnother() async throws {
        try await ServiceTrial(echo).run { trial in
            let first = try await trial.respond(["input": "one", "user": "ann"])
            let id = try id(first)
            for body: JSONObject in [
                ["input": "two", "previous_response_id": .string(id), "user": "bob"],
                [
                    "input": [
                        ["type": "item_reference", "id": first.json["output"]?.arrayValue?.last?["id"] ?? .null]
                    ], "user": "bob",
                ],
            ] {
                #expect(try await trial.respond(body).status == 404)
            }
            let bob = "X-OpenWebUI-User-Id: bob\r\n"
            for (method, path) in [("GET", ""), ("GET", "/input_items"), ("POST", "/cancel"), ("DELETE", "")] {
                let answer = try await trial.ask(method, "/v1/responses/\(id)\(path)", fields: bob)
                #expect(answer.status == 404, "\(method) \(path)")
                #expect(answer.error?["code"] == "response_not_found")
            }
            #expect(try await trial.ask("GET", "/v1/responses/\(id)?user=bob").status == 404)
            #expect(try await trial.ask("GET", "/v1/responses/\(id)?user=ann").status == 200)
        }
        #expect(echo.requests.elements.count == 1)
    }

    @Test func aKeyOfAUserSeesOnlyTheirs() async throws {
        var options = ServiceOptions()
        options.keys = ["ann:a-key", "bob:b-key"]
        let (ann, bob) = ("Authorization: Bearer a-key\r\n", "Authorization: Bearer b-key\r\n")
        try await ServiceTrial(echo, options: options).run { trial in
            let first = try await trial.respond(["input": "one", "user": "bob"], fields: ann)
            let id = try id(first)
            #expect(try await trial.ask("GET", "/v1/responses/\(id)", fields: ann).status == 200)
            #expect(try await trial.ask("GET", "/v1/responses/\(id)?user=ann", fields: bob).status == 404)
            let other = try await trial.respond(
                ["input": "two", "previous_response_id": .string(id), "user": "ann"], fields: bob)
            #expect(other.error?["code"] == "previous_response_not_found")
            let file = try await trial.upload("x", user: "bob", fields: ann)
            let fileID = file.json["id"]?.stringValue ?? ""
            #expect(try await trial.ask("GET", "/v1/files/\(fileID)", fields: ann).status == 200)
            #expect(try await trial.ask("GET", "/v1/files/\(fileID)/content", fields: bob).status == 404)
        }
        #expect(echo.requests.elements.map(\.user) == ["ann"])
    }

    @Test func whatIsNotStoredIsGone() async throws {
        try await ServiceTrial(echo).run { trial in
            let passing = try await trial.respond(["input": "one", "store": false])
            #expect(passing.json["store"] == false)
            #expect(try await trial.ask("GET", "/v1/responses/\(id(passing))").status == 404)
            let kept = try await id(trial.respond(["input": "one"]))
            let deleted = try await trial.ask("DELETE", "/v1/responses/\(kept)")
            #expect(deleted.json == ["id": .string(kept), "object": "response", "deleted": true])
            #expect(try await trial.ask("DELETE", "/v1/responses/\(kept)").status == 404)
            #expect(try await trial.respond(["input": "x", "previous_response_id": .string(kept)]).status == 404)
            let anns = try await id(trial.respond(["input": "one", "user": "ann"]))
            #expect(try await trial.ask("DELETE", "/v1/sessions/ann").json["deleted"] == true)
            #expect(try await trial.ask("GET", "/v1/responses/\(anns)").status == 404)
        }
    }

    @Test func withoutAMemoryNothingIsStored() async throws {
        var options = ServiceOptions()
        options.sessionSeconds = 0
        try await ServiceTrial(echo, options: options).run { trial in
            let answer = try await trial.respond(["input": "one"])
            #expect(answer.json["store"] == false)
            #expect(try await trial.ask("GET", "/v1/responses/\(id(answer))").status == 404)
            let background = try await trial.respond(["input": "one", "background": true])
            #expect(background.status == 400)
            #expect(background.error?["param"] == "background")
        }
    }

    @Test func listsTheInput() async throws {
        try await ServiceTrial(echo).run { trial in
            let items: JSON = [
                ["role": "user", "content": "a"], ["role": "assistant", "content": "b"],
                ["role": "user", "content": "c"],
            ]
            let id = try await id(trial.respond(["input": items]))
            let all = try await trial.ask("GET", "/v1/responses/\(id)/input_items?order=asc").json
            let listed = all["data"]?.arrayValue ?? []
            #expect(listed.map { $0["role"] } == ["user", "assistant", "user"])
            #expect(all["has_more"] == false)
            let newest = try await trial.ask("GET", "/v1/responses/\(id)/input_items?limit=1").json
            #expect(newest["data"] == [listed[2]])
            #expect(newest["has_more"] == true)
            let after = listed[2]["id"]?.stringValue ?? ""
            let next = try await trial.ask("GET", "/v1/responses/\(id)/input_items?limit=1&after=\(after)").json
            #expect(next["data"] == [listed[1]])
        }
    }

    @Test func anItemCanBeReferredTo() async throws {
        try await ServiceTrial(echo).run { trial in
            let first = try await trial.respond(["input": "one"])
            let item = first.json["output"]?.arrayValue?.last?["id"] ?? .null
            let answer = try await trial.respond([
                "input": [
                    ["role": "user", "content": "one"], ["type": "item_reference", "id": item],
                    ["role": "user", "content": "two"],
                ]
            ])
            #expect(answer.status == 200)
        }
        #expect(echo.requests.elements.last?.lines == ["user: one", "assistant: re: one", "user: two"])
    }

    @Test func anItemIsReferredToOnce() async throws {
        try await ServiceTrial(echo).run { trial in
            let item = try await trial.respond(["input": "one"]).json["output"]?.arrayValue?.last?["id"] ?? .null
            let reference: JSON = ["type": "item_reference", "id": item]
            let answer = try await trial.respond([
                "input": [["role": "user", "content": "one"], reference, reference]
            ])
            #expect(answer.status == 400)
            #expect(answer.error?["param"] == "input")
        }
        #expect(echo.requests.elements.count == 1)
    }

    @Test func aForcedCallIsTheAnswerAndTakesItsResult() async throws {
        let runner = FakeRunner { request, tell in
            let isFirst = request.conversation.allSatisfy { $0.role != .tool }
            return await FakeRunner.says(isFirst ? #"{"city":"Rome"}"# : "Sunny.", tell)
        }
        try await ServiceTrial(runner).run { trial in
            let tool: JSON = [
                "type": "function", "name": "weather",
                "parameters": ["type": "object", "properties": ["city": ["type": "string"]], "required": ["city"]],
            ]
            let first = try await trial.respond([
                "input": "weather?", "tools": [tool], "tool_choice": ["type": "function", "name": "weather"],
            ])
            let call = try #require(first.json["output"]?.arrayValue?.first)
            #expect(call["type"] == "function_call")
            #expect(call["name"] == "weather")
            #expect(call["arguments"] == #"{"city":"Rome"}"#)
            let second = try await trial.respond([
                "previous_response_id": first.json["id"] ?? .null,
                "input": [
                    ["type": "function_call_output", "call_id": call["call_id"] ?? .null, "output": "30 degrees"]
                ],
            ])
            #expect(second.outputText == "Sunny.")
        }
        let last = try #require(runner.requests.elements.last)
        #expect(last.lines == ["user: weather?", "assistant: ", "tool: 30 degrees"])
    }

    @Test func offeredToolsAreIgnored() async throws {
        try await ServiceTrial(echo).run { trial in
            let answer = try await trial.respond([
                "input": "hi", "tools": [["type": "web_search"], ["type": "function", "name": "f"]],
                "tool_choice": "auto",
            ])
            #expect(answer.outputText == "re: hi")
            let forced = try await trial.respond([
                "input": "hi", "tools": [["type": "web_search"]], "tool_choice": ["type": "web_search"],
            ])
            #expect(forced.status == 400)
            #expect(forced.error?["param"] == "tool_choice")
        }
    }

    @Test func aFailureHasTheAPIsShape() async throws {
        let runner = FakeRunner { _, tell in
            await tell(.text("half"))
            throw ModelError(kind: .rateLimited, message: "slow down")
        }
        try await ServiceTrial(runner).run { trial in
            let whole = try await trial.respond(["input": "hi"])
            #expect(whole.status == 429)
            #expect(whole.error?["message"] == "slow down")
            let streamed = try await trial.respond(["input": "hi", "stream": true])
            #expect(streamed.eventTypes.last == "response.failed")
            let response = try #require(streamed.chunks.last?["response"])
            #expect(response["status"] == "failed")
            #expect(response["error"]?["code"] == "rate_limit_exceeded")
            #expect(response["error"]?["message"] == "slow down")
            #expect(Answer.outputText(response) == "half")
        }
    }

    @Test func aLimitIsNamed() async throws {
        let runner = FakeRunner { _, tell in
            await FakeRunner.says("part", tell, end: .limit("[Stopped.]"), usage: nil)
        }
        try await ServiceTrial(runner).run { trial in
            let json = try await trial.respond(["input": "hi"]).json
            #expect(json["status"] == "incomplete")
            #expect(Answer.outputText(json) == "part\n\n[Stopped.]")
            #expect(json["usage"]?["total_tokens"] == 0)
        }
    }

    @Test(
        arguments: [
            ([:], "input"), (["input": []], "input"), (["input": "x", "conversation": "c"], "conversation"),
            (["input": "x", "previous_response_id": "resp_none"], "previous_response_id"),
            (["input": "x", "background": true, "store": false], "background"),
            (["input": "x", "temperature": "hot"], "temperature"),
            (["input": [["type": "item_reference", "id": "msg_none_1"]]], "input"),
        ] as [(JSONObject, String)])
    func namesWhatIsWrong(body: JSONObject, param: String) async throws {
        try await ServiceTrial(echo).run { trial in
            let answer = try await trial.respond(body)
            #expect((400...404).contains(answer.status))
            #expect(answer.error?["param"] == .string(param))
        }
        #expect(echo.requests.elements.isEmpty)
    }

    @Test func aClientThatGoesEndsItsRun() async throws {
        let events = Recorder<String>()
        try await ServiceTrial(FakeRunner.waiting(events)).run { trial in
            let client = try trial.send("POST", "/v1/responses", ["input": "hi", "stream": true])
            try await events.wait(forCount: 1)
            client.reset()
            try await events.wait(forCount: 2)
        }
        #expect(events.elements == ["started", "cancelled"])
    }

    @Test func takesPromptsOfTheOlderAPI() async throws {
        try await ServiceTrial(echo).run { trial in
            _ = try await trial.say("before", ["user": "ann"])
            let whole = try await trial.ask("POST", "/v1/completions", ["prompt": "hi", "user": "ann"])
            #expect(whole.json["object"] == "text_completion")
            #expect(whole.json["choices"]?.arrayValue?.first?["text"] == "re: hi")
            let streamed = try await trial.ask("POST", "/v1/completions", ["prompt": "hi", "stream": true])
            let texts = streamed.chunks.compactMap { $0["choices"]?.arrayValue?.first?["text"]?.stringValue }
            #expect(texts.joined() == "re: hi")
            #expect(streamed.events.last == "[DONE]")
        }
        #expect(echo.requests.elements.map(\.lines).suffix(2) == [["user: hi"], ["user: hi"]])
    }
}
