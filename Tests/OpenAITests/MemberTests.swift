import JSON
import Testing

@testable import OpenAI

/// Members that this library does not know.
@Suite struct MemberTests {
    private func message(_ deltas: [String], limits: AnswerLimits = AnswerLimits()) throws -> ChatMessage {
        var assembler = CompletionAssembler(limits: limits)
        for delta in deltas {
            _ = try assembler.add(ChatChunk(parsing: JSON.parse(#"{"choices":[{"index":0,"delta":\#(delta)}]}"#)))
        }
        return try assembler.completion(isDone: true).answer.message
    }

    private static let signature = #""extra_content":{"google":{"thought_signature":"SIG"}}"#

    @Test(arguments: [
        // Gemini: with the call, in one piece or after it.
        [
            #"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"},\#(signature)}]}"#
        ],
        [
            #"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}"#,
            #"{"tool_calls":[{"index":0,\#(signature)}]}"#,
        ],
        // A server that repeats all of the call with each piece.
        [
            #"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"},\#(signature)}]}"#,
            #"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"}"},\#(signature)}]}"#,
        ],
    ])
    func goBackWithTheCall(deltas: [String]) throws {
        let json = try message(deltas).json
        let call = json["tool_calls"]?.arrayValue?.first
        #expect(call?["extra_content"]?["google"]?["thought_signature"] == "SIG")
        #expect(call?["function"] == ["name": "f", "arguments": "{}"] && call?["id"] == "a")
        #expect(json["content"] == "")
    }

    @Test func goBackWithTheFunctionOfACall() throws {
        let json = try message([
            #"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}","provider":{"x":1}}}]}"#
        ]).json
        #expect(json["tool_calls"]?.arrayValue?.first?["function"]?["provider"] == ["x": 1])
    }

    @Test func textsGrowAndObjectsMerge() throws {
        let json = try message([
            #"{"role":"assistant","content":"","reasoning_content":"I "}"#,
            #"{"reasoning_content":"think","x":{"a":"1"}}"#,
            #"{"reasoning_content":null,"x":{"a":"2","b":[1]},"n":1}"#, #"{"content":"ok","x":{"b":[2]},"n":2}"#,
        ]).json
        #expect(json["reasoning_content"] == "I think")
        #expect(json["x"] == ["a": "12", "b": [1, 2]] && json["n"] == 2 && json["content"] == "ok")
    }

    @Test func elementsMergeByTheirNumberAndKind() throws {
        let json = try message([
            #"{"reasoning_details":[{"type":"reasoning.text","format":"f","index":0,"text":"a"}]}"#,
            #"{"reasoning_details":[{"type":"reasoning.text","format":"f","index":0,"text":"a"}]}"#,
            #"{"reasoning_details":[{"type":"reasoning.text","index":0,"signature":"S"}]}"#,
            #"{"reasoning_details":[{"type":"reasoning.encrypted","index":0,"data":"D"}]}"#,
            #"{"reasoning_details":[{"type":"reasoning.text","index":1,"text":"b"},{"text":"c"}]}"#,
        ]).json
        #expect(
            json["reasoning_details"] == [
                ["type": "reasoning.text", "format": "f", "index": 0, "text": "aa", "signature": "S"],
                ["type": "reasoning.encrypted", "index": 0, "data": "D"],
                ["type": "reasoning.text", "index": 1, "text": "b"], ["text": "c"],
            ])
    }

    @Test func whatSaysSomethingAboutAnAnswerAloneStaysHere() throws {
        let json = try message([
            #"{"content":"a","refusal":null,"annotations":[],"audio":null,"reasoning":null,"logprobs":{}}"#
        ]).json
        #expect(json.objectValue?.keys == ["role", "content"])
    }

    @Test func tooMuchOfThemIsGivenUp() {
        var limits = AnswerLimits()
        limits.memberBytes = 1000
        let piece = #"{"reasoning":"\#(String(repeating: "x", count: 600))"}"#
        #expect(throws: AnswerError.tooLarge("more than 1000 bytes of reasoning and other members")) {
            try message([piece, piece], limits: limits)
        }
        let call = #"{"tool_calls":[{"index":0,"id":"a","x":["\#(String(repeating: "x", count: 2000))"]}]}"#
        #expect(throws: AnswerError.self) { try message([call], limits: limits) }
    }
}
