import JSON
import MCPServers
import OpenAI
import TestSupport
import Testing

@testable import ExecAgent

@Suite(.timeLimit(.minutes(3))) struct ChatRefusalTests {
    private static let offer: JSON = ["type": "function", "function": ["name": "f"]]
    private static let hi: JSON = [["role": "user", "content": "hi"]]

    @Test(
        arguments: [
            (["messages": []], "messages", "at least one"), ([:], "messages", "missing"),
            (["messages": "hi"], "messages", "an array"), (["messages": [1]], "messages[0]", "an object"),
            (["messages": [["role": "robot", "content": "x"]]], "messages[0].role", "must be one of"),
            (["messages": [["role": "user", "content": 5]]], "messages[0].content", "string"),
            (["messages": [["role": "system", "content": "x"]]], "messages", "role 'user'"),
            (["messages": [["role": "assistant", "content": "y"]]], "messages", "role 'user'"),
            (["messages": hi, "model": 5], "model", "a string"),
            (["messages": hi, "stream": "maybe"], "stream", "a boolean"),
            (["messages": hi, "user": ["id": 5]], "user", "a string"),
            (["messages": hi, "n": 2], "n", "not supported"),
            (["messages": hi, "n": "2"], "n", "not supported"), (["messages": hi, "n": 0], "n", "not supported"),
            (["messages": hi, "logprobs": true], "logprobs", "not supported"),
            (["messages": hi, "top_logprobs": "3"], "top_logprobs", "not supported"),
            (["messages": hi, "audio": ["voice": "x"]], "audio", "not supported"),
            (["messages": hi, "modalities": ["text", "audio"]], "modalities", "not supported"),
            (["messages": hi, "temperature": "hot"], "temperature", "a number"),
            (["messages": hi, "temperature": "nan"], "temperature", "a number"),
            (["messages": hi, "top_p": "[1]"], "top_p", "a number"),
            (["messages": hi, "max_tokens": "0x10"], "max_tokens", "whole"),
            (["messages": hi, "max_tokens": "many"], "max_tokens", "whole"),
            (["messages": hi, "max_completion_tokens": 1.5], "max_completion_tokens", "whole"),
            (["messages": hi, "stop": [1]], "stop", "strings"), (["messages": hi, "seed": "x"], "seed", "whole"),
        ] as [(JSON, JSON, String)])
    func refusesBodies(body: JSON, field: JSON, words: String) async throws {
        let runner = FakeRunner()
        try await ServiceTrial(runner).run { trial in
            let answer = try await trial.ask("POST", "/v1/chat/completions", body)
            #expect(answer.status == 400)
            #expect(answer.error?["type"] == "invalid_request_error")
            #expect(answer.error?["param"] == field)
            #expect(answer.error?["message"]?.stringValue?.contains(words) == true)
        }
        #expect(runner.requests.elements.isEmpty)
    }

    @Test(
        arguments: [
            ("tool_choice", "execute_bash", [offer]), ("tool_choice", "execute_bash", []),
            ("tool_choice", "required", [["type": "custom", "custom": ["name": "f"]], ["type": "web_search"], 5]),
            ("tool_choice", ["type": "function", "function": ["name": "f"]], []),
            ("tool_choice", ["type": "function", "function": ["name": "g"]], [offer]),
            ("tool_choice", "any", [["type": "custom", "custom": ["name": "f"]]]), ("tool_choice", true, [offer]),
            ("tool_choice", ["type": "custom", "custom": ["name": "f"]], [offer]),
            ("tool_choice", ["type": "web_search"], [offer]), ("tool_choice", ["name": ""], [offer]),
            ("tool_choice", ["type": "allowed_tools", "allowed_tools": ["mode": "required", "tools": []]], [offer]),
            (
                "tool_choice",
                ["type": "allowed_tools", "allowed_tools": ["mode": "required", "tools": [["name": "g"]]]], [offer]
            ),
            ("function_call", ["name": "g"], [offer]), ("function_call", ["name": "f"], nil),
        ] as [(String, JSON, JSON)])
    func refusesADemandForWhatIsNoFunctionOfTheClient(name: String, choice: JSON, tools: JSON) async throws {
        let runner = FakeRunner()
        try await ServiceTrial(runner).run { trial in
            let answer = try await trial.say("hi", ["tools": tools, name: choice])
            #expect(answer.status == 400)
            #expect(answer.error?["param"] == .string(name))
            #expect(answer.error?["message"]?.stringValue?.contains("calls its own tools, not the client's") == true)
        }
        #expect(runner.requests.elements.isEmpty)
    }

    @Test(
        arguments: [
            [:], ["tool_choice": "auto"], ["tool_choice": "none"], ["tool_choice": nil], ["tool_choice": [:]],
            ["tool_choice": ["type": "auto"]], ["function_call": "auto"], ["function_call": "none"],
            ["tool_choice": ["type": "allowed_tools", "allowed_tools": ["mode": "auto", "tools": []]]],
        ] as [JSONObject])
    func passesOverTheClientsTools(choice: JSONObject) async throws {
        let runner = FakeRunner()
        try await ServiceTrial(runner).run { trial in
            let offers: [JSON] = [
                [["type": "function", "function": ["name": "f", "parameters": ["type": "object"]]]],
                [["type": "web_search"], ["type": "custom", "custom": ["name": "c"]], 5, nil], [], nil, "none", [:],
            ]
            for offer in offers {
                var body = choice
                for name in ["tools", "functions", "web_search_options"] { body[name] = offer }
                body["parallel_tool_calls"] = false
                for isStreamed: JSON in [false, true] {
                    body["stream"] = isStreamed
                    let answer = try await trial.say("hi", body)
                    #expect(answer.status == 200)
                }
            }
            let told = trial.log.elements.filter { $0.contains("is ignored") }
            try #require(told.count == 3, "once for each")
            #expect(told[0].contains("'tools'"), "once for each")
        }
        #expect(runner.requests.elements.allSatisfy { $0.parameters.isEmpty })
    }

    @Test(
        arguments: [
            ("max_tokens", -1, nil), ("max_tokens", "-1", nil), ("max_completion_tokens", -2, nil),
            ("max_tokens", "256", 256), ("max_tokens", 256.0, 256), ("max_completion_tokens", " 7 ", 7),
            ("max_tokens", "", nil), ("max_tokens", nil, nil), ("max_tokens", 0, nil), ("max_tokens", "0", nil),
            ("temperature", "0.5", 0.5), ("temperature", "1", 1),
            ("temperature", " ", nil), ("top_p", "1.0", 1), ("presence_penalty", "-0.5", -0.5), ("seed", "42", 42),
            ("seed", -1, -1), ("seed", 7.0, 7), ("n", "1", nil), ("n", 1.0, nil), ("n", "", nil),
            ("seed", .verbatim("18446744073709551616"), 956055917), ("seed", 42.5, 151780806),
            ("seed", "42.5", 151780806),
            ("seed", " 42.0 ", 42), ("seed", "", nil),
            ("top_logprobs", 0, nil), ("top_logprobs", "0", nil), ("logprobs", false, nil), ("logprobs", 0, nil),
            ("response_format", ["type": "text"], nil), ("response_format", "text", nil), ("response_format", [:], nil),
            ("response_format", nil, nil), ("response_format", "json_object", ["type": "json_object"]),
            ("stream_options", [], nil), ("stream_options", "", nil),
            ("stream_options", ["include_usage": "true"], nil),
            ("unknown", ["a": 1], ["a": 1]), ("name", nil, nil),
            ("stop", "", nil), ("stop", [], nil), ("stop", "x", "x"), ("modalities", [], nil), ("audio", nil, nil),
        ] as [(String, JSON, JSON?)])
    func takesWhatIsPlainlyMeant(name: String, value: JSON, passed: JSON?) async throws {
        let runner = FakeRunner()
        try await ServiceTrial(runner).run { trial in
            let answer = try await trial.say("hi", [name: value])
            #expect(answer.status == 200)
        }
        #expect(runner.requests.elements.first?.parameters[name] == passed)
    }

    /// A body, and the answer that refuses it.
    struct Body: Sendable {
        let type: String
        let content: String
        let status: Int
        let code: JSON?
    }

    @Test(
        arguments: [
            Body(type: "application/json", content: "{", status: 400, code: "invalid_json"),
            Body(type: "application/json", content: "", status: 400, code: "invalid_json"),
            Body(type: "application/json; charset=utf-8", content: "[]", status: 400, code: nil),
            Body(type: "text/html", content: "{}", status: 415, code: "unsupported_media_type"),
            Body(type: "multipart/form-data; boundary=x", content: "{}", status: 415, code: "unsupported_media_type"),
            Body(type: "text/plain", content: "{", status: 400, code: "invalid_json"),
        ])
    func refusesWhatIsNotJSON(_ body: Body) async throws {
        try await ServiceTrial().run { trial in
            let client = try RawClient(port: trial.port)
            try client.send(
                "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:\(trial.port)\r\nConnection: close\r\n"
                    + "Content-Type: \(body.type)\r\nContent-Length: \(body.content.utf8.count)\r\n\r\n\(body.content)")
            let answer = try await Answer(client.readToEnd())
            #expect(answer.status == body.status)
            #expect(answer.error?["code"] == body.code ?? .null)
        }
    }

    /// Which page it is that sends something by itself is for the doors to say; here any is too much.
    @Test(
        arguments: ["text/plain", "application/x-www-form-urlencoded", ""],
        ["Origin: http://localhost:PORT", "Sec-Fetch-Site: same-origin", "Referer: http://x/", "Cookie: a=b", ""])
    func aBodyOfAnotherTypeIsTakenFromAProgramAlone(type: String, field: String) async throws {
        let content = #"{"messages":[{"role":"user","content":"hi"}]}"#
        try await ServiceTrial().run { trial in
            let client = try RawClient(port: trial.port)
            let fields = (type.isEmpty ? [] : ["Content-Type: \(type)"]) + (field.isEmpty ? [] : [field])
            try client.send(
                "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:\(trial.port)\r\nConnection: close\r\n"
                    + fields.map { $0.replacing("PORT", with: "\(trial.port)") + "\r\n" }.joined()
                    + "Content-Length: \(content.utf8.count)\r\n\r\n\(content)")
            let status = try await Answer(client.readToEnd()).status
            #expect(status == (field.isEmpty ? 200 : 415))
        }
    }

    @Test(
        arguments: [
            (["model": "DEFAULT"], "default"), (["model": ""], nil), (["model": " "], nil), (["model": nil], nil),
            (["model": "Other"], "Other"),
        ] as [(JSONObject, String?)])
    func knowsItsModelInOtherCases(body: JSONObject, model: String?) async throws {
        let runner = FakeRunner()
        try await ServiceTrial(runner).run { trial in
            let answer = try await trial.say("hi", body)
            #expect(answer.status == 200)
            #expect(try await trial.ask("GET", "/v1/models/Default").status == 200)
        }
        #expect(runner.requests.elements.map(\.model) == [model])
    }

    @Test(arguments: [5, 5.5, true, "5"] as [JSON])
    func aUserMayBeANumber(user: JSON) async throws {
        let runner = FakeRunner()
        try await ServiceTrial(runner).run { trial in
            let answer = try await trial.say("hi", ["user": user])
            #expect(answer.status == 200)
        }
        #expect(runner.requests.elements.map(\.user) == [user.stringValue ?? user.text])
    }

    @Test(arguments: [#"cut \ud83d"#, "a\ttab", "a\nline"], ["", "\u{FEFF}"])
    func readsABodyThatIsNearlyJSON(text: String, mark: String) async throws {
        let content = #"\#(mark){"model":"m","messages":[{"role":"user","content":"\#(text)"}]}"#
        try await ServiceTrial().run { trial in
            let client = try RawClient(port: trial.port)
            try client.send(
                "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:\(trial.port)\r\nConnection: close\r\n"
                    + "Content-Type: application/json\r\nContent-Length: \(content.utf8.count)\r\n\r\n\(content)")
            #expect(try await Answer(client.readToEnd()).status == 200)
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
            #expect(whole.status == status)
            #expect(whole.error?["code"] == code)
            #expect(whole.error?["message"] == "the reason")
            #expect((whole.field("Retry-After") != nil) == (status == 429))

            let streamed = try await trial.say("hi", ["model": "m", "stream": true])
            #expect(streamed.status == 200)
            #expect(streamed.streamedText == "half")
            #expect(streamed.chunks.last == whole.json, "the error in the stream")
            #expect(!streamed.body.contains("[DONE]"))
            #expect(trial.log.elements.contains { $0.contains("the reason") })
        }
    }

    @Test func blamesNoClientForAModelThatItDidNotName() async throws {
        let runner = FakeRunner { _, _ in throw ModelError(kind: .notFound, message: "none") }
        try await ServiceTrial(runner).run { trial in
            let answer = try await trial.say("hi")
            #expect(answer.status == 502)
            #expect(answer.error?["code"] == "upstream_not_found")
        }
    }

    @Test func tellsOfOtherFailures() async throws {
        struct BugError: Error {}
        let servers = FakeRunner { _, _ in throw ToolServerError(message: "it does not start") }
        try await ServiceTrial(servers).run { trial in
            let answer = try await trial.say("hi")
            #expect(answer.status == 502)
            #expect(answer.error?["message"] == "it does not start")
        }
        try await ServiceTrial(FakeRunner { _, _ in throw BugError() }).run { trial in
            let answer = try await trial.say("hi")
            #expect(answer.status == 500)
            #expect(answer.error?["type"] == "server_error")
        }
    }
}
