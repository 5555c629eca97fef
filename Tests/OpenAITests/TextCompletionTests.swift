import JSON
import Testing

@testable import OpenAI

@Suite struct TextCompletionTests {
    @Test(arguments: [#"{"prompt":"hi"}"#, #"{"prompt":["hi"],"echo":false,"suffix":null,"best_of":1}"#])
    func aPromptIsAMessage(body: String) throws {
        let chat = try TextCompletion.chat(JSON.parse(body))
        #expect(chat == ["messages": [["role": "user", "content": "hi"]]])
    }

    @Test(arguments: [
        (#"{}"#, "prompt"), (#"{"prompt":["a","b"]}"#, "prompt"), (#"{"prompt":[1,2]}"#, "prompt"),
        (#"{"prompt":"a","echo":true}"#, "echo"), (#"{"prompt":"a","suffix":"b"}"#, "suffix"),
        (#"{"prompt":"a","best_of":2}"#, "best_of"), (#"{"prompt":"a","logprobs":3}"#, "logprobs"),
    ])
    func namesWhatIsWrong(body: String, field: String) throws {
        let error = #expect(throws: FormatError.self) { try TextCompletion.chat(JSON.parse(body)) }
        #expect(error?.field == field)
    }

    @Test func writesAnswers() {
        let completion = ChatCompletion(
            message: ChatMessage(role: .assistant, text: "yes"), finishReason: .length,
            usage: TokenUsage(prompt: 1, completion: 2))
        let json = completion.textJSON(id: "cmpl-1", created: 7, model: "m")
        #expect(json["object"] == "text_completion")
        #expect(json["choices"] == [["text": "yes", "index": 0, "logprobs": nil, "finish_reason": "length"]])
        #expect(json["usage"]?["total_tokens"] == 3)
        let chunk = ChatChunk(delta: ChatChunk.Delta(text: "y")).textJSON(id: "cmpl-1", created: 7, model: "m")
        #expect(chunk["choices"] == [["text": "y", "index": 0, "logprobs": nil, "finish_reason": nil]])
        let last = ChatChunk(delta: ChatChunk.Delta(), finishReason: .stop)
        #expect(
            last.textJSON(id: "cmpl-1", created: 7, model: "m")["choices"]
                == [["text": "", "index": 0, "logprobs": nil, "finish_reason": "stop"]])
        #expect(ChatChunk(delta: nil).textJSON(id: "c", created: 7, model: "m")["choices"] == [])
    }
}
