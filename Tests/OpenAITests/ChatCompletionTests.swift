import JSON
import OpenAI
import Testing

@Suite struct ChatCompletionTests {
    private let calls = [
        ChatToolCall(id: "1", name: "f", arguments: "{}"), ChatToolCall(id: "2", name: "g", arguments: "not JSON"),
    ]

    @Test func readsBackWhatIsWritten() throws {
        for completion in [
            ChatCompletion(
                message: ChatMessage(role: .assistant, text: "hi"), finishReason: .stop,
                usage: TokenUsage(prompt: 3, completion: 4)),
            ChatCompletion(
                message: ChatMessage(role: .assistant, content: [.text("so")], toolCalls: calls),
                finishReason: .toolCalls),
            ChatCompletion(
                message: ChatMessage(role: .assistant, content: [], toolCalls: calls), finishReason: .length),
            ChatCompletion(message: ChatMessage(role: .assistant, text: "x"), finishReason: .other("strange")),
        ] {
            let json = completion.json(id: "c1", created: 5, model: "m")
            #expect(try ChatCompletion(parsing: JSON.parse(json.serialized())) == completion)
        }
    }

    @Test func writesWhatClientsLookFor() {
        let completion = ChatCompletion(
            message: ChatMessage(role: .assistant, text: "hi"), finishReason: nil,
            usage: TokenUsage(prompt: 3, completion: 4))
        #expect(
            completion.json(id: "c1", created: 5, model: "m", extra: ["exec_agent": ["turns": 1]]).text
                == #"{"id":"c1","object":"chat.completion","created":5,"model":"m","choices":[{"index":0,"#
                + #""message":{"role":"assistant","content":"hi"},"logprobs":null,"finish_reason":"stop"}],"#
                + #""usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7},"exec_agent":{"turns":1}}"#)
    }

    @Test func writesChunks() throws {
        let first = ChatChunk(delta: .init(role: .assistant))
        #expect(
            first.json(id: "c1", created: 5, model: "m").text
                == #"{"id":"c1","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"#
                + #""delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}"#)
        let event = ChatChunk(delta: .init()).json(id: "c1", created: 5, model: "m", extra: ["exec_agent": 1])
        #expect(event["choices"]?.arrayValue?.first?["delta"] == [:])
        #expect(event["exec_agent"] == 1)
        let usage = ChatChunk(delta: nil, usage: TokenUsage(prompt: 1, completion: 2))
        #expect(usage.json(id: "c1", created: 5, model: "m")["choices"] == [])
    }

    @Test func readsBackChunks() throws {
        for chunk in [
            ChatChunk(delta: .init(role: .assistant)), ChatChunk(delta: .init(text: "ü")),
            ChatChunk(delta: .init(), finishReason: .stop),
            ChatChunk(delta: nil, usage: TokenUsage(prompt: 1, completion: 2)),
            ChatChunk(
                delta: .init(toolCalls: [
                    ToolCallPiece(index: 0, id: "a", name: "f", arguments: "{"),
                    ToolCallPiece(index: 1, arguments: "}"),
                ])),
        ] {
            #expect(try ChatChunk(parsing: chunk.json(id: "c1", created: 5, model: "m")) == chunk)
        }
    }

    @Test(arguments: ["[]", "{}", "7", #"{"choices":{}}"#, #"{"answer":"hi"}"#, #"{"choices":[7]}"#])
    func saysThatABodyIsNoAnswer(body: String) {
        #expect {
            try ChatCompletion(parsing: JSON.parse(body))
        } throws: { error in
            if case AnswerError.malformed = error { true } else { false }
        }
    }

    @Test func saysThatAnAnswerIsNotThere() {
        #expect(throws: AnswerError.lost) { try ChatCompletion(parsing: ["choices": []]) }
        #expect(throws: AnswerError.lost) { try ChatCompletion(parsing: ["choices": [["message": [:]]]]) }
    }
}

@Suite struct APIErrorTests {
    @Test(arguments: [
        (
            #"{"error":{"message":"no","type":"t","param":"p","code":"c"}}"#,
            APIError(message: "no", type: "t", param: "p", code: "c")
        ),
        (#"{"error":{"message":"no","code":400,"param":null}}"#, APIError(message: "no", code: "400")),
        (#"{"error":"no"}"#, APIError(message: "no")),
        (#"{"error":{"reason":1}}"#, APIError(message: #"{"reason":1}"#)),
        (#"[{"error":{"code":429,"message":"no"}}]"#, APIError(message: "no", code: "429")),
        (#"{"object":"error","message":"no","code":404}"#, APIError(message: "no", code: "404")),
        (
            #"{"type":"error","error":{"type":"not_found_error","message":"no"}}"#,
            APIError(message: "no", type: "not_found_error")
        ),
        (#"{"detail":"Not Found"}"#, APIError(message: "Not Found")),
        (#"{"detail":[{"msg":"field required"}]}"#, APIError(message: #"[{"msg":"field required"}]"#)),
    ])
    func readsTheShapesThatServersHave(body: String, error: APIError) throws {
        #expect(APIError(parsing: try JSON.parse(body)) == error)
    }

    @Test(arguments: ["7", "[]", "{}", #"{"error":null}"#, #"{"choices":[]}"#, #"[[[]]]"#])
    func findsNoneWhereThereIsNone(body: String) throws {
        #expect(APIError(parsing: try JSON.parse(body)) == nil)
    }

    @Test func readsBackWhatIsWritten() {
        let error = APIError(message: "no", type: "invalid_request_error", param: "user", code: "c")
        #expect(APIError(parsing: error.json) == error)
    }
}
