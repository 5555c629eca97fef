import JSON
import OpenAI
import TestSupport
import Testing

@testable import ExecAgent

@Suite(.timeLimit(.minutes(2))) struct ChatRefusalTests {
    private static let hi: JSON = [["role": "user", "content": "hi"]]

    @Test(
        arguments: [
            (["messages": []], "messages", "at least one"), ([:], "messages", "missing"),
            (["messages": "hi"], "messages", "an array"), (["messages": [1]], "messages[0]", "an object"),
            (["messages": [["role": "robot", "content": "x"]]], "messages[0].role", "must be one of"),
            (["messages": [["role": "user", "content": 5]]], "messages[0].content", "string"),
            (["messages": [["role": "system", "content": "x"]]], "messages", "role 'user'"),
            (
                ["messages": [["role": "user", "content": "x"], ["role": "assistant", "content": "y"]]], "messages",
                "last"
            ),
            (["messages": hi, "model": 5], "model", "a string"),
            (["messages": hi, "stream": "yes"], "stream", "a boolean"),
            (["messages": hi, "user": "../etc"], "user", "letters"), (["messages": hi, "user": ""], "user", "letters"),
            (["messages": hi, "user": "skills"], "user", "none of"), (["messages": hi, "user": 5], "user", "a string"),
            (["messages": hi, "n": 2], "n", "not supported"), (["messages": hi, "n": "1"], "n", "not supported"),
            (
                ["messages": hi, "tools": [["type": "function", "function": ["name": "f"]]]], "tools",
                "the agent has its own tools"
            ),
            (["messages": hi, "functions": [["name": "f"]]], "functions", "not supported"),
            (["messages": hi, "tool_choice": "required"], "tool_choice", "not supported"),
            (["messages": hi, "logprobs": true], "logprobs", "not supported"),
            (["messages": hi, "modalities": ["text", "audio"]], "modalities", "not supported"),
            (["messages": hi, "temperature": "hot"], "temperature", "a number"),
            (["messages": hi, "max_tokens": 0], "max_tokens", "at least 1"),
            (["messages": hi, "max_completion_tokens": 1.5], "max_completion_tokens", "whole"),
            (["messages": hi, "stop": [1]], "stop", "strings"), (["messages": hi, "seed": "x"], "seed", "whole"),
        ] as [(JSON, JSON, String)])
    func refusesBodies(body: JSON, field: JSON, words: String) async throws {
        let runner = FakeRunner()
        try await ServiceTrial(runner).run { trial in
            let answer = try await trial.ask("POST", "/v1/chat/completions", body)
            #expect(answer.status == 400 && answer.error?["type"] == "invalid_request_error")
            #expect(answer.error?["param"] == field && answer.error?["message"]?.stringValue?.contains(words) == true)
        }
        #expect(runner.requests.elements.isEmpty)
    }

    @Test(
        arguments: [
            ("application/json", "{", 400, "invalid_json"), ("application/json", "", 400, "invalid_json"),
            ("application/json; charset=utf-8", "[]", 400, nil), ("text/plain", "{}", 415, "unsupported_media_type"),
            ("application/x-www-form-urlencoded", "{}", 415, "unsupported_media_type"),
        ] as [(String, String, Int, JSON?)])
    func refusesWhatIsNotJSON(type: String, content: String, status: Int, code: JSON?) async throws {
        try await ServiceTrial().run { trial in
            let client = try RawClient(port: trial.port)
            try client.send(
                "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:\(trial.port)\r\nConnection: close\r\n"
                    + "Content-Type: \(type)\r\nContent-Length: \(content.utf8.count)\r\n\r\n\(content)")
            let answer = try await Answer(client.readToEnd())
            #expect(answer.status == status && answer.error?["code"] == code ?? .null)
        }
    }

    @Test func passesOnOnlyWhatIsTheModels() async throws {
        let runner = FakeRunner()
        try await ServiceTrial(runner).run { trial in
            let answer = try await trial.say(
                "hi",
                [
                    "n": 1, "tools": [], "tool_choice": "none", "logprobs": false, "parallel_tool_calls": true,
                    "modalities": ["text"], "temperature": nil, "max_completion_tokens": 5, "seed": 1, "stop": ["x"],
                    "reasoning_effort": "low", "top_p": 1,
                ])
            #expect(answer.status == 200)
        }
        #expect(
            runner.requests.elements.first?.parameters == [
                "max_completion_tokens": 5, "seed": 1, "stop": ["x"], "reasoning_effort": "low", "top_p": 1,
            ])
    }

    @Test(arguments: [
        (ModelError.Kind.unreachable, 502, "upstream_unreachable"), (.unauthorized, 502, "upstream_unauthorized"),
        (.notFound, 404, "model_not_found"), (.contextTooLong, 400, "context_length_exceeded"),
        (.rateLimited, 429, "upstream_rate_limited"), (.refused, 400, "upstream_refused"),
        (.unavailable, 502, "upstream_unavailable"), (.malformed, 502, "upstream_malformed"),
        (.silent, 504, "upstream_silent"),
    ])
    func tellsOfTheModelsFailures(kind: ModelError.Kind, status: Int, code: JSON) async throws {
        let runner = FakeRunner { _, tell in
            await tell(.text("half"))
            throw ModelError(kind: kind, message: "the reason", status: 401)
        }
        try await ServiceTrial(runner).run { trial in
            let whole = try await trial.say("hi", ["model": "m"])
            #expect(whole.status == status && whole.error?["code"] == code && whole.error?["message"] == "the reason")
            #expect((whole.field("Retry-After") != nil) == (status == 429))

            let streamed = try await trial.say("hi", ["model": "m", "stream": true])
            #expect(streamed.status == 200 && streamed.streamedText == "half")
            #expect(streamed.chunks.last == whole.json, "the error in the stream")
            #expect(!streamed.body.contains("[DONE]"))
            #expect(trial.log.elements.contains { $0.contains("the reason") })
        }
    }

    @Test func blamesNoClientForAModelThatItDidNotName() async throws {
        let runner = FakeRunner { _, _ in throw ModelError(kind: .notFound, message: "none") }
        try await ServiceTrial(runner).run { trial in
            let answer = try await trial.say("hi")
            #expect(answer.status == 502 && answer.error?["code"] == "upstream_not_found")
        }
    }

    @Test func tellsOfOtherFailures() async throws {
        struct Bug: Error {}
        let servers = FakeRunner { _, _ in throw ToolServerError(message: "it does not start") }
        try await ServiceTrial(servers).run { trial in
            let answer = try await trial.say("hi")
            #expect(answer.status == 502 && answer.error?["message"] == "it does not start")
        }
        try await ServiceTrial(FakeRunner { _, _ in throw Bug() }).run { trial in
            let answer = try await trial.say("hi")
            #expect(answer.status == 500 && answer.error?["type"] == "server_error")
        }
    }
}
