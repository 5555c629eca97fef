import JSON
import Testing

@testable import OpenAI

/// Chunks as servers send them that take the API's words lightly.
@Suite struct OddChunkTests {
    private func assemble(_ chunks: [String], isDone: Bool = true) throws -> ChatCompletion {
        var assembler = CompletionAssembler()
        for chunk in chunks { _ = try assembler.add(ChatChunk(parsing: JSON.parse(chunk))) }
        return try assembler.completion(isDone: isDone).answer
    }

    /// What calls pieces add up to, each the `tool_calls` of a chunk.
    private func calls(_ pieces: [String]) throws -> [ChatToolCall] {
        try assemble(pieces.map { #"{"choices":[{"delta":{"tool_calls":\#($0)}}]}"# }).message.toolCalls
    }

    private static let text = #"{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}"#
    private static let end = #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#

    @Test(arguments: [
        #"{"choices":null}"#, #"{"choices":null,"usage":null}"#, #"{"choices":[{"delta":null,"finish_reason":null}]}"#,
        #"{"choices":[{"index":0,"delta":null,"finish_reason":""}]}"#, #"{"choices":[{"finish_reason":""}]}"#,
        #"{"choices":[{"delta":{"content":null,"tool_calls":null,"role":null},"finish_reason":"null"}]}"#,
        #"{"usage":{"prompt_tokens":3,"completion_tokens":1}}"#, #"{"object":"chat.completion.chunk"}"#,
        #"{"choices":[],"usage":{"prompt_tokens":3}}"#, #"{"choices":[{"index":"0","delta":{}}]}"#,
        #"{"choices":[{"index":"1","delta":{"content":"no"},"finish_reason":"length"}]}"#,
        #"{"choices":[{"index":1.0,"delta":{"content":"no"}}]}"#, #"{"choices":[{"delta":{"tool_calls":{}}}]}"#,
    ])
    func aChunkThatSaysNothingChangesNothing(chunk: String) throws {
        for chunks in [[chunk, Self.text, Self.end], [Self.text, chunk, Self.end], [Self.text, Self.end, chunk]] {
            let answer = try assemble(chunks, isDone: false)
            #expect(answer.message == ChatMessage(role: .assistant, text: "a"))
            #expect(answer.finishReason == .stop)
        }
    }

    @Test(arguments: [
        #"{"choices":[{"delta":{},"finish_reason":""}]}"#, #"{"choices":[{"delta":{},"finish_reason":"null"}]}"#,
        #"{"choices":[{"delta":{"content":"b"},"finish_reason":"None"}]}"#,
    ])
    func noReasonToEndIsNoEnd(chunk: String) {
        #expect(throws: AnswerError.lost) { try assemble([Self.text, chunk], isDone: false) }
    }

    @Test func whatACostsBeforeTheTextIsNoEnd() {
        let usage = #"{"choices":[],"usage":{"prompt_tokens":3}}"#
        #expect(throws: AnswerError.lost) { try assemble([usage, Self.text], isDone: false) }
        #expect(throws: AnswerError.lost) { try assemble([Self.text, usage, Self.text], isDone: false) }
    }

    /// One call of `f` with `{"x":1}` each.
    @Test(arguments: [
        [
            #"[{"index":"0","id":"a","function":{"name":"f","arguments":"{\"x\""}}]"#,
            #"[{"index":"0","function":{"arguments":":1}"}}]"#,
        ],
        [#"[{"id":"","function":{"name":"f","arguments":"{\"x\""}}]"#, #"[{"id":"","function":{"arguments":":1}"}}]"#],
        [#"[{"index":0,"id":"a","function":{"name":"f","arguments":{"x":1}}}]"#],
        [#"[{"index":0,"id":"a","name":"f","arguments":{"x":1}}]"#, "[]", "null"],
        [#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}"#],
        // All of it once more.
        [
            #"[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}]"#,
            #"[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}]"#,
        ],
        [
            #"[{"index":0,"id":"a","function":{"name":"f","arguments":{"x":1}}}]"#,
            #"[{"index":0,"id":"a","function":{"arguments":{"x":1}}}]"#,
        ],
        [
            #"[{"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}]"#,
            #"[{"id":"a","function":{"arguments":"{\"x\":1}"}}]"#,
            #"[{"id":"a","function":{"arguments":"{\"x\":1}"}}]"#,
        ],
        // All that there is by then.
        [
            #"[{"index":0,"id":"a","function":{"name":"f","arguments":""}}]"#,
            #"[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x"}}]"#,
            #"[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}]"#,
        ],
        [
            #"[{"index":0,"function":{"name":"f","arguments":"{"}}]"#,
            #"[{"index":0,"function":{"arguments":"{\"x\":"}}]"#,
            #"[{"index":0,"function":{"arguments":"{\"x\":1}"}}]"#,
        ],
    ])
    func aCallIsPutTogether(pieces: [String]) throws {
        let made = try calls(pieces)
        #expect(made.map(\.name) == ["f"])
        #expect(made.map(\.arguments) == [#"{"x":1}"#])
        #expect(made.allSatisfy { !$0.id.isEmpty })
    }

    @Test func piecesThatLookAlikeAreAdded() throws {
        let nested = [#"{\"x\":"#, #"{\"x\":"#, #"{\"x\":1}}}"#]
        let pieces = nested.enumerated().map {
            #"[{"index":0,"id":"a","function":{"name":"\#($0 == 0 ? "f" : "")","arguments":"\#($1)"}}]"#
        }
        #expect(try calls(pieces).map(\.arguments) == [#"{"x":{"x":{"x":1}}}"#])
    }

    @Test func twoCallsOfOneIDAreTwo() throws {
        func piece(_ arguments: String) -> String {
            #"{"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":\"\#(arguments)\"}"}}"#
        }
        // Long ones too.
        for text in ["1", String(repeating: "y", count: 10_000)] {
            for pieces in [["[\(piece(text)),\(piece("2"))]"], ["[\(piece(text))]", "[\(piece("2"))]"]] {
                let made = try calls(pieces)
                #expect(made.map(\.arguments) == [#"{"x":"\#(text)"}"#, #"{"x":"2"}"#])
                #expect(Set(made.map(\.id)).count == 2)
                #expect(made.first?.id == "a")
            }
        }
    }
}
