import JSON
import OpenAI
import TestSupport
import Testing

@testable import ExecAgent

@Suite(.timeLimit(.minutes(3))) struct DemandedCallTests {
    private static let person: JSON = [
        "name": "Person", "description": "A person",
        "parameters": ["type": "object", "properties": ["name": ["type": "string"]], "required": ["name"]],
    ]
    private static let tools: JSON = [["type": "function", "function": person]]
    private static let several: JSON = [
        ["type": "function", "function": person], ["type": "function", "function": ["name": "city"]],
    ]
    private static let named: JSON = ["type": "function", "function": ["name": "Person"]]
    private static let ann = #"{"name":"Ann"}"#

    /// A runner that gives one answer after the other, and the last of them again.
    private static func answering(
        _ texts: String..., end: RunResult.End = .answered, refusing refused: ModelError? = nil
    ) -> FakeRunner {
        let texts = texts
        let asked = Recorder<Int>()
        return FakeRunner { request, tell in
            if let refused, request.parameters["response_format"] != nil { throw refused }
            asked.record(0)
            return await FakeRunner.says(texts[min(asked.elements.count, texts.count) - 1], tell, end: end)
        }
    }

    private static func choice(_ answer: Answer) -> JSON? { answer.json["choices"]?.arrayValue?.first }

    @Test(arguments: [(named, "stop"), ("required", "tool_calls")] as [(JSON, JSON)])
    func answersWithTheCall(choice: JSON, reason: JSON) async throws {
        let body: JSONObject = [
            "tools": Self.tools, "tool_choice": choice, "response_format": ["type": "json_object"], "temperature": 0,
        ]
        let runner = Self.answering("Here: \(Self.ann)")
        try await ServiceTrial(runner).run { trial in
            let whole = Self.choice(try await trial.say("hi", body))
            let message = whole?["message"]
            #expect(whole?["finish_reason"] == reason)
            #expect(message?["content"] == .null)
            let call = message?["tool_calls"]?.arrayValue?.first
            #expect(call?["function"] == ["name": "Person", "arguments": .string(Self.ann)])
            #expect(call?["type"] == "function")
            #expect(call?["id"]?.stringValue?.hasPrefix("call_") == true)

            var streamed = body
            streamed["stream"] = true
            let chunks = try await trial.say("hi", streamed).chunks
            let deltas = chunks.map { $0["choices"]?.arrayValue?.first?["delta"] }
            let id = deltas.dropFirst().first??["tool_calls"]?.arrayValue?.first?["id"]
            #expect(id?.stringValue?.hasPrefix("call_") == true)
            #expect(
                deltas == [
                    ["role": "assistant", "content": nil],
                    [
                        "tool_calls": [
                            [
                                "index": 0, "id": id ?? nil, "type": "function",
                                "function": ["name": "Person", "arguments": ""],
                            ]
                        ]
                    ],
                    ["tool_calls": [["index": 0, "function": ["arguments": .string(Self.ann)]]]], [:],
                ])
            #expect(chunks.last?["choices"]?.arrayValue?.first?["finish_reason"] == reason)
            #expect(!trial.log.elements.contains { $0.contains("is ignored") })
        }
        #expect(runner.requests.elements.allSatisfy { $0.parameters == ["temperature": 0] })
        let lines = runner.requests.elements.first?.lines ?? []
        try #require(lines.count == 2)
        #expect(lines[0].hasPrefix("system: "))
        #expect(lines[1] == "user: hi")
        #expect(lines[0].contains("'Person'"))
        #expect(lines[0].contains("A person"))
        #expect(lines[0].contains(#""required""#))
    }

    @Test func answersInTheOlderForm() async throws {
        let body: JSONObject = ["functions": [Self.person], "function_call": ["name": "Person"]]
        try await ServiceTrial(Self.answering(Self.ann)).run { trial in
            let whole = Self.choice(try await trial.say("hi", body))
            let call: JSON = ["name": "Person", "arguments": .string(Self.ann)]
            #expect(whole?["message"] == ["role": "assistant", "content": nil, "function_call": call])
            #expect(whole?["finish_reason"] == "stop")
            var streamed = body
            streamed["stream"] = true
            let deltas = try await trial.say("hi", streamed).chunks.map { $0["choices"]?.arrayValue?.first?["delta"] }
            #expect(
                deltas == [
                    ["role": "assistant", "content": nil],
                    ["function_call": ["name": "Person", "arguments": ""]],
                    ["function_call": ["arguments": .string(Self.ann)]], [:],
                ])
        }
    }

    @Test func letsTheModelChoose() async throws {
        let runner = Self.answering(#"{"function_name":"city","arguments":{"zip":"1"}}"#)
        try await ServiceTrial(runner).run { trial in
            let answer = try await trial.say("hi", ["tools": Self.several, "tool_choice": "required"])
            let call = Self.choice(answer)?["message"]?["tool_calls"]?.arrayValue?.first
            #expect(call?["function"] == ["name": "city", "arguments": #"{"zip":"1"}"#])
        }
        let instruction = runner.requests.elements.first?.lines.first ?? ""
        #expect(instruction.contains("'Person'"))
        #expect(instruction.contains("'city'"))
    }

    @Test(arguments: [tools, several]) func asksOnceMoreInTheFormOfACall(tools: JSON) async throws {
        let runner = Self.answering("It is Ann.", #"{"function_name":"Person","arguments":{"name":"Ann"}}"#)
        try await ServiceTrial(runner).run { trial in
            let answer = try await trial.say("hi", ["tools": tools, "tool_choice": "required", "user": "ann"])
            let call = Self.choice(answer)?["message"]?["tool_calls"]?.arrayValue?.first
            #expect(call?["function"] == ["name": "Person", "arguments": .string(Self.ann)])
            #expect(answer.json["usage"] == ["prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14])
            _ = try await trial.say("and now?", ["user": "ann"])
        }
        let requests = runner.requests.elements
        try #require(requests.count == 3)
        #expect(requests[0].parameters.isEmpty)
        let form = requests[1].parameters["response_format"]
        #expect(form?["type"] == "json_schema")
        #expect(form?["json_schema"]?["schema"]?["type"] == "object")
        #expect(requests[1].lines.dropFirst().prefix(2) == ["user: hi", "assistant: It is Ann."])
        #expect(requests[1].lines.last?.contains("no JSON object") == true)
        // What is remembered has no instruction that would hold for later answers.
        #expect(requests[2].conversation.allSatisfy { $0.role != .system })
    }

    @Test func doesWithoutTheFormWhereItIsRefused() async throws {
        let refused = ModelError(kind: .refused, message: "no", status: 400)
        let runner = Self.answering("Ann.", Self.ann, refusing: refused)
        try await ServiceTrial(runner).run { trial in
            let answer = try await trial.say("hi", ["tools": Self.tools, "tool_choice": Self.named])
            #expect(Self.choice(answer)?["message"]?["tool_calls"] != nil)
        }
        #expect(runner.requests.elements.map { $0.parameters["response_format"] != nil } == [false, true, false])
    }

    /// A run that ends without a call, how often the model is asked, and what the client is told.
    struct Refusal: Sendable {
        let end: RunResult.End
        let text: String
        let times: Int
        let words: String
    }

    @Test(
        arguments: [
            Refusal(end: .answered, text: "Ann.", times: 2, words: "without a JSON object"),
            Refusal(end: .cut, text: #"{"name":"#, times: 1, words: "token limit"),
            Refusal(end: .limit("[Stopped: 3 turns.]"), text: ann, times: 1, words: "3 turns"),
        ])
    func saysThatThereIsNoCall(_ refusal: Refusal) async throws {
        let runner = Self.answering(refusal.text, end: refusal.end)
        try await ServiceTrial(runner).run { trial in
            let body: JSONObject = ["tools": Self.tools, "tool_choice": Self.named]
            let whole = try await trial.say("hi", body)
            #expect(whole.status == 502)
            #expect(whole.error?["code"] == "no_function_call")
            #expect(whole.error?["message"]?.stringValue?.contains(refusal.words) == true)
            #expect(whole.field("X-Should-Retry") == "false")
            #expect(runner.requests.elements.count == refusal.times)
            var streamed = body
            streamed["stream"] = true
            let answer = try await trial.say("hi", streamed)
            #expect(answer.chunks.last?["error"]?["code"] == "no_function_call")
            #expect(answer.events.last != "[DONE]")
        }
    }

    @Test func keepsWithinTheLimitsOfTheRun() async throws {
        var options = ServiceOptions()
        options.limits.turns = 1
        let runner = Self.answering("Ann.", Self.ann)
        try await ServiceTrial(runner, options: options).run { trial in
            let answer = try await trial.say("hi", ["tools": Self.tools, "tool_choice": Self.named])
            #expect(answer.status == 502)
        }
        #expect(runner.requests.elements.count == 1)
    }

    @Test func goesOnWithWhatTheClientSaysToACall() async throws {
        let runner = Self.answering(Self.ann)
        let call: JSON = ["id": "c1", "type": "function", "function": ["name": "Person", "arguments": #"{"name":1}"#]]
        let other: JSON = ["id": "c2", "type": "function", "function": ["name": "look", "arguments": "{}"]]
        try await ServiceTrial(runner).run { trial in
            let answer = try await trial.chat(
                [
                    ["role": "system", "content": "Be brief."], ["role": "user", "content": "Who?"],
                    ["role": "assistant", "content": nil, "tool_calls": [other]],
                    ["role": "tool", "tool_call_id": "c2", "content": "seen"],
                    ["role": "assistant", "content": nil, "tool_calls": [call]],
                    ["role": "tool", "tool_call_id": "c1", "content": "name must be a string"],
                ], ["tools": Self.tools, "tool_choice": Self.named])
            #expect(Self.choice(answer)?["message"]?["tool_calls"] != nil)
        }
        let conversation = runner.requests.elements.first?.conversation ?? []
        #expect(conversation.map(\.role) == [.system, .system, .user, .assistant, .tool, .assistant, .user])
        #expect(conversation.map { $0.toolCalls.count } == [0, 0, 0, 1, 0, 0, 0])
        #expect(conversation.dropLast().last?.text == #"{"name":1}"#)
        #expect(conversation.last?.text.contains("name must be a string") == true)
    }

    @Test func takesACallThatTheModelMadeInstead() async throws {
        let runner = FakeRunner { _, tell in
            let call = ChatToolCall(id: "1", name: "Person", arguments: Self.ann)
            let messages = [
                ChatMessage(role: .assistant, content: [], toolCalls: [call]),
                ChatMessage(role: .tool, content: [.text("no such tool")], toolCallID: "1"),
                ChatMessage(role: .assistant, text: "Done."),
            ]
            return RunResult(messages: messages, end: .answered)
        }
        try await ServiceTrial(runner).run { trial in
            let answer = try await trial.say("hi", ["tools": Self.tools, "tool_choice": Self.named])
            let call = Self.choice(answer)?["message"]?["tool_calls"]?.arrayValue?.first
            #expect(call?["function"]?["arguments"] == .string(Self.ann))
        }
        #expect(runner.requests.elements.count == 1)
    }
}
