import JSON
import Testing

@testable import OpenAI

@Suite struct CompletionAssemblerTests {
    /// What becomes of chunks, each given as its `choices[0].delta`.
    private func assemble(
        _ deltas: [String], finish: String? = "tool_calls", isDone: Bool = true, limits: AnswerLimits = AnswerLimits()
    ) throws -> ChatCompletion {
        var chunks = deltas.map { #"{"choices":[{"index":0,"delta":\#($0),"finish_reason":null}]}"# }
        if let finish { chunks.append(#"{"choices":[{"index":0,"delta":{},"finish_reason":"\#(finish)"}]}"#) }
        return try assemble(chunks: chunks, isDone: isDone, limits: limits)
    }

    private func assemble(
        chunks: [String], isDone: Bool = true, limits: AnswerLimits = AnswerLimits()
    ) throws -> ChatCompletion {
        var assembler = CompletionAssembler(limits: limits)
        for chunk in chunks { _ = try assembler.add(ChatChunk(parsing: JSON.parse(chunk))) }
        return try assembler.completion(isDone: isDone).answer
    }

    /// The calls that tool_calls pieces add up to, one delta each.
    private func calls(_ pieces: String...) throws -> [ChatToolCall] {
        try assemble(pieces.map { #"{"tool_calls":[\#($0)]}"# }).message.toolCalls
    }

    private let both = [
        ChatToolCall(id: "a", name: "f", arguments: #"{"x":1}"#),
        ChatToolCall(id: "b", name: "g", arguments: #"{"y":2}"#),
    ]

    // MARK: - Text

    @Test func joinsText() throws {
        let completion = try assemble(
            [
                #"{"role":"assistant","content":""}"#, #"{"role":"assistant","content":"Hel"}"#, #"{"content":null}"#,
                #"{"content":"lo"}"#,
            ],
            finish: "stop")
        #expect(
            completion == ChatCompletion(message: ChatMessage(role: .assistant, text: "Hello"), finishReason: .stop))
    }

    @Test func takesTextFromPartsAndRefusals() throws {
        let parts = #"{"content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"a"}]}"#
        #expect(try assemble([parts, #"{"refusal":"b"}"#], finish: "stop").message.text == "ab")
    }

    @Test func takesTheLastUsageWhereverItStands() throws {
        let text = #"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}"#
        let usage = #"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#
        #expect(try assemble(chunks: [text, usage]).usage == TokenUsage(prompt: 3, completion: 4))
        #expect(try assemble(chunks: [text]).usage == TokenUsage(prompt: 1, completion: 0))
        #expect(try assemble([#"{"content":"a"}"#], finish: "stop").usage == nil)
    }

    @Test func countsUsageThatIsWrittenAsText() throws {
        let chunk =
            #"{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":"7","completion_tokens":"2.0"}}"#
        #expect(try assemble(chunks: [chunk]).usage == TokenUsage(prompt: 7, completion: 2))
    }

    @Test func countsNothingForUsageThatMakesNoSense() throws {
        for number in ["-1", "1e300", "null", #""seven""#, #""-7""#, "true"] {
            let chunk = #"{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":\#(number)}}"#
            #expect(try assemble(chunks: [chunk]).usage == TokenUsage(prompt: 0, completion: 0))
        }
    }

    @Test func passesOverOtherChoices() throws {
        let other = #"{"choices":[{"index":1,"delta":{"content":"no"}},{"index":0,"delta":{"content":"yes"}}]}"#
        #expect(try assemble(chunks: [other]).message.text == "yes")
    }

    // MARK: - The end

    @Test func takesAnAnswerWithoutItsReasonWhereItsEndIsSaidOtherwise() throws {
        #expect(try assemble([#"{"content":"a"}"#], finish: nil).finishReason == nil)
        let text = #"{"choices":[{"delta":{"content":"a"}}],"usage":{"completion_tokens":1}}"#
        #expect(throws: AnswerError.lost) { try assemble(chunks: [text], isDone: false) }
        #expect(try assemble(chunks: [text, #"{"choices":[],"usage":{}}"#], isDone: false).message.text == "a")
    }

    @Test func takesNoHalfAnswer() {
        let call = #"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}"#
        for delta in [#"{"content":"half an ans"}"#, call, #"{"reasoning_content":"hm"}"#] {
            #expect(throws: AnswerError.lost) { try assemble([delta], finish: nil, isDone: false) }
        }
    }

    @Test(arguments: ["error", "ERROR", "abort", "insufficient_system_resource", "network_error", "error_overloaded"])
    func takesNoAnswerThatItsServerCallsBroken(word: String) {
        #expect(throws: AnswerError.failed(word)) { try assemble([#"{"content":"half"}"#], finish: word) }
    }

    @Test(arguments: [
        ("eos", FinishReason.stop), ("model_length", .length), ("tool_use", .toolCalls), ("MAX_TOKENS", .length),
        ("model_context_window_exceeded", .length), ("refusal", .contentFilter), ("BLOCKLIST", .contentFilter),
    ])
    func understandsTheWordsOfOtherServers(word: String, reason: FinishReason) throws {
        #expect(try assemble([#"{"content":"a"}"#], finish: word).finishReason == reason)
    }

    @Test func saysThatNothingCame() {
        #expect(throws: AnswerError.lost) { try assemble([], finish: nil) }
        #expect(throws: AnswerError.lost) { try assemble([#"{"role":"assistant","content":""}"#], finish: nil) }
        #expect(throws: AnswerError.lost) { try assemble(chunks: [#"{"choices":[],"usage":{}}"#]) }
    }

    @Test func takesAnEmptyAnswerThatIsOne() throws {
        #expect(try assemble([], finish: "stop").message.content.isEmpty)
    }

    @Test func makesNoCallThatIsCut() throws {
        let cut = #"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}]}"#
        #expect(throws: AnswerError.lost) { try assemble([cut], finish: nil, isDone: false) }
        #expect(try assemble([cut], finish: nil).message.toolCalls.count == 1)
        #expect(try assemble([cut], finish: "length", isDone: false).finishReason == .length)
    }

    @Test(arguments: [nil, "stop", "tool_calls", "function_call"])
    func saysThatToolsAreCalled(word: String?) throws {
        let call = #"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}"#
        #expect(try assemble([call], finish: word).finishReason == .toolCalls)
    }

    // MARK: - Tool calls

    @Test func joinsPiecesByTheirNumber() throws {
        let made = try calls(
            #"{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}"#,
            #"{"index":0,"function":{"arguments":"{\"x\""}}"#, #"{"index":0,"function":{"arguments":":1}"}}"#,
            #"{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{\"y\":2}"}}"#)
        #expect(made == both)
    }

    @Test func joinsPiecesThatComeInTurns() throws {
        let made = try calls(
            #"{"index":0,"id":"a","function":{"name":"f"}},{"index":1,"id":"b","function":{"name":"g","arguments":null}}"#,
            #"{"index":1,"function":{"arguments":"{\"y\":"}},{"index":0,"function":{"arguments":"{\"x\":"}}"#,
            #"{"index":0,"function":{"arguments":"1}"}},{"index":1,"function":{"arguments":"2}"}}"#)
        #expect(made == both)
    }

    @Test func takesSeveralWholeCallsAtOnce() throws {
        let first = #""function":{"name":"f","arguments":"{\"x\":1}"}"#
        let second = #""function":{"name":"g","arguments":"{\"y\":2}"}"#
        for (a, b) in [
            (#""index":0,"id":"a","#, #""index":1,"id":"b","#), (#""id":"a","#, #""id":"b","#),
            (#""index":0,"id":"a","#, #""index":0,"id":"b","#),
        ] {
            #expect(try calls("{\(a)\(first)},{\(b)\(second)}") == both)
            #expect(try calls("{\(a)\(first)}", "{\(b)\(second)}") == both)
        }
    }

    @Test func makesIDsWhereThereAreNone() throws {
        for number in ["", #""index":0,"#] {
            let call = #"{\#(number)"function":{"name":"f","arguments":"{}"}}"#
            for made in [try calls(call, call), try calls(call, call, call).dropLast()] {
                #expect(made.map(\.name) == ["f", "f"])
                #expect(made.map(\.arguments) == ["{}", "{}"])
                #expect(Set(made.map(\.id)).count == 2)
                #expect(made.allSatisfy { $0.id.hasPrefix("call_") })
            }
        }
        let atOnce = #"{"function":{"name":"f","arguments":""}}"#
        #expect(try calls("\(atOnce),\(atOnce)").count == 2)
    }

    @Test func joinsPiecesWithoutNumbersAndIDs() throws {
        let made = try calls(
            #"{"id":"a","function":{"name":"f","arguments":"{\"x\""}}"#, #"{"function":{"arguments":":1}"}}"#,
            #"{"id":"b","function":{"name":"g"}}"#, #"{"id":"b","function":{"arguments":"{\"y\":2}"}}"#)
        #expect(made == both)
    }

    @Test func takesAnIDAndANameThatAreRepeated() throws {
        let made = try calls(
            #"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}"#,
            #"{"index":0,"id":"a","function":{"name":"f","arguments":":1}"}}"#,
            #"{"index":0,"id":"a","function":{"name":"f","arguments":""}}"#,
            #"{"index":1,"id":"b","function":{"name":"g","arguments":"{\"y\""}}"#,
            #"{"index":1,"id":"","function":{"name":"","arguments":":2}"}}"#)
        #expect(made == both)
    }

    @Test func takesAnIDOfItsOwnForEachPiece() throws {
        let made = try calls(
            #"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}"#,
            #"{"index":0,"id":"z","function":{"arguments":":1}"}}"#)
        #expect(made == [both[0]])
    }

    @Test func takesANameInPieces() throws {
        let made = try calls(
            #"{"index":0,"id":"a","function":{"name":"read_"}}"#, #"{"index":0,"function":{"name":"file"}}"#,
            #"{"index":0,"function":{"arguments":"{}"}}"#)
        #expect(made == [ChatToolCall(id: "a", name: "read_file", arguments: "{}")])
    }

    @Test func tellsCallsOfOneIDApart() throws {
        let made = try calls(
            #"{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}"#,
            #"{"index":1,"id":"a","function":{"name":"g","arguments":"{}"}}"#)
        #expect(made.map(\.name) == ["f", "g"])
        #expect(made[0].id == "a")
        #expect(made[1].id != "a")
    }

    @Test func writesArgumentsThatAreAnObject() throws {
        #expect(try calls(#"{"index":0,"id":"a","function":{"name":"f","arguments":{"x":1}}}"#) == [both[0]])
    }

    @Test func keepsArgumentsThatAreNoJSON() throws {
        #expect(try calls(#"{"id":"a","function":{"name":"f","arguments":"{'x': 1"}}"#)[0].arguments == "{'x': 1")
    }

    @Test func takesTheOneCallOfOldTimes() throws {
        let made = try assemble(
            [#"{"function_call":{"name":"f","arguments":"{\"x\""}}"#, #"{"function_call":{"arguments":":1}"}}"#],
            finish: "function_call")
        #expect(made.message.toolCalls.map(\.name) == ["f"])
        #expect(made.message.toolCalls.map(\.arguments) == [#"{"x":1}"#])
        #expect(made.finishReason == .toolCalls)
    }

    @Test(arguments: [
        #"{"tool_calls":{}}"#, #"{"tool_calls":[7,null,{}]}"#, #"{"tool_calls":[{"index":"0","function":7}]}"#,
        #"{"content":7,"role":9}"#, #"{"content":[7,{"type":"text"}]}"#, #"{"function_call":7}"#,
    ])
    func passesOverWhatMakesNoSense(delta: String) throws {
        let completion = try assemble([delta, #"{"content":"a"}"#], finish: "stop")
        #expect(completion.message == ChatMessage(role: .assistant, text: "a"))
    }

    // MARK: - Limits

    @Test func givesUpAtTooMuchOfAnything() throws {
        var limits = AnswerLimits()
        limits.textBytes = 3
        limits.toolCalls = 1
        limits.argumentBytes = 10
        _ = try assemble([#"{"content":"a"}"#, #"{"content":"bc"}"#], limits: limits)
        #expect(throws: AnswerError.tooLarge("more than 3 bytes of text")) {
            try assemble([#"{"content":"a"}"#, #"{"content":"bcd"}"#], limits: limits)
        }
        let call = #"{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]}"#
        _ = try assemble([call], limits: limits)
        #expect(throws: AnswerError.tooLarge("more than 1 tool calls")) {
            try assemble([call, call.replacing("\"a\"", with: "\"b\"")], limits: limits)
        }
        let more = #"{"tool_calls":[{"function":{"arguments":"1234567"}}]}"#
        #expect(throws: AnswerError.tooLarge("more than 10 bytes of tool calls")) {
            try assemble([call, more], limits: limits)
        }
    }
}
