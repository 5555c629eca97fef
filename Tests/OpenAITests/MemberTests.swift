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
        // Before the piece that names the call.
        [
            #"{"tool_calls":[{"index":0,\#(signature)}]}"#,
            #"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}"#,
        ],
        [
            #"{"role":"assistant","tool_calls":[{"index":0,"function":{"arguments":""},\#(signature)}]}"#,
            #"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f"}}]}"#,
            #"{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}"#,
        ],
        [
            #"{"tool_calls":[{\#(signature)}]}"#,
            #"{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]}"#,
        ],
        [
            #"{"tool_calls":[{"index":0,"extra_content":{"google":{"thought_signature":"S"}}}]}"#,
            #"{"tool_calls":[{"index":0,"extra_content":{"google":{"thought_signature":"IG"}}}]}"#,
            #"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}"#,
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
        #expect(call?["function"] == ["name": "f", "arguments": "{}"])
        #expect(call?["id"] == "a")
        #expect(json["content"] == "")
    }

    @Test func eachCallGetsWhatCameBeforeIt() throws {
        let message = try message([
            #"{"tool_calls":[{"index":1,"x":"1"}]}"#, #"{"tool_calls":[{"index":0,"x":"0"}]}"#,
            #"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}"#,
            #"{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}]}"#,
        ])
        #expect(message.toolCalls.map { $0.extra["x"] } == ["0", "1"])
    }

    @Test func whatComesBeforeCallsIsBounded() throws {
        var limits = AnswerLimits()
        limits.memberBytes = 2000
        let text = String(repeating: "x", count: 1500)
        #expect(throws: AnswerError.tooLarge("more than 2000 bytes of reasoning and other members")) {
            try message(
                [#"{"tool_calls":[{"index":0,"x":"\#(text)"}]}"#, #"{"tool_calls":[{"index":1,"x":"\#(text)"}]}"#],
                limits: limits)
        }
        let many = (0...limits.toolCalls).map { #"{"tool_calls":[{"index":\#($0),"x":1}]}"# }
        limits.memberBytes = 1 << 20
        #expect(throws: AnswerError.tooLarge("more than 128 tool calls")) { try message(many, limits: limits) }
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
        #expect(json["x"] == ["a": "12", "b": [1, 2]])
        #expect(json["n"] == 2)
        #expect(json["content"] == "ok")
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

    @Test func piecesOfThinkingBlocksWithoutNumbersJoinUntilASignature() throws {
        func piece(_ members: String) -> String { #"{"thinking_blocks":[{"type":"thinking",\#(members)}]}"# }
        let deltas = [
            piece(#""thinking":"a","signature":"""#), piece(#""thinking":"b","signature":"""#),
            piece(#""thinking":"","signature":"S1""#),
            #"{"thinking_blocks":[{"type":"redacted_thinking","data":"X"}]}"#,
            piece(#""thinking":"c","signature":"""#), piece(#""thinking":"d","signature":"S2""#), #"{"content":"ok"}"#,
        ]
        let blocks: JSON = [
            ["type": "thinking", "thinking": "ab", "signature": "S1"], ["type": "redacted_thinking", "data": "X"],
            ["type": "thinking", "thinking": "cd", "signature": "S2"],
        ]
        #expect(try message(deltas).json["thinking_blocks"] == blocks)
        let nested = try message(deltas.map { $0.hasPrefix(#"{"c"#) ? $0 : #"{"provider_specific_fields":\#($0)}"# })
        #expect(nested.json["provider_specific_fields"] == ["thinking_blocks": blocks])
    }

    @Test func elementsOfOtherMembersStayApart() throws {
        let json = try message([
            #"{"images":[{"type":"image_url","x":"a"}]}"#, #"{"images":[{"type":"image_url","x":"b"}],"content":"ok"}"#,
        ]).json
        #expect(json["images"] == [["type": "image_url", "x": "a"], ["type": "image_url", "x": "b"]])
    }

    @Test func thoughtsInTheContentGoBackInTheContent() throws {
        func piece(_ text: String) -> String {
            #"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"\#(text)"}]}]}"#
        }
        let message = try message([piece("I "), piece("think"), #"{"content":[{"type":"text","text":"ok"}]}"#])
        #expect(message.text == "ok")
        #expect(message.reasoning == "I think")
        let thought: JSON = ["type": "thinking", "thinking": [["type": "text", "text": "I think"]]]
        #expect(message.json["content"] == [thought, ["type": "text", "text": "ok"]])
        let call = #"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}"#
        #expect(try self.message([piece("I think"), call]).json["content"] == [thought])
    }

    @Test(arguments: ["9223372036854775808", "12345678901234567890123", "-99999999999999999999", "9223372036854775807"])
    func integersKeepTheirDigits(digits: String) throws {
        let event = #"{"choices":[{"index":0,"delta":{"content":"ok","x":{"n":[\#(digits)]}}}]}"#
        var assembler = CompletionAssembler()
        guard case .chunk(let chunk) = try AnswerEvent(parsing: Array(event.utf8)) else { throw AnswerError.lost }
        _ = try assembler.add(chunk)
        let text = try assembler.completion(isDone: true).answer.message.json.text
        #expect(text.contains(#""x":{"n":[\#(digits)]}"#))
    }
}
