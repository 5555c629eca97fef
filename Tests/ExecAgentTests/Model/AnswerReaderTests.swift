import JSON
import OpenAI
import Testing

@testable import ExecAgent

@Suite struct AnswerReaderTests {
    private let stream = """
        data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\r
        \r
        : a sign of life\r
        \r
        event: ping\r
        data: nothing of this API\r
        \r
        data: {"choices":[{"index":0,"delta":{"content":"Schön, "}}]}\r
        \r
        data: {"choices":[{"index":0,"delta":{"content":"ja."},"finish_reason":"stop"}]}\r
        \r
        data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}\r
        \r
        data: [DONE]\r
        \r

        """
    private let expected = ChatCompletion(
        message: ChatMessage(role: .assistant, text: "Schön, ja."), finishReason: .stop,
        usage: TokenUsage(prompt: 3, completion: 4))

    private func read(_ pieces: [[UInt8]]) throws -> (text: String, answer: ChatCompletion) {
        var reader = AnswerReader(limits: AnswerLimits())
        var text = ""
        for piece in pieces { text += try reader.feed(piece) }
        let (rest, answer) = try reader.finish()
        return (text + rest, answer)
    }

    private func failure(_ text: String) -> AnswerReader.ContentError? { failure(Array(text.utf8)[...]) }

    private func failure(_ bytes: ArraySlice<UInt8>) -> AnswerReader.ContentError? {
        do {
            _ = try read([Array(bytes)])
            return nil
        } catch {
            return error as? AnswerReader.ContentError
        }
    }

    private func expectAtEveryCut(_ text: String) throws {
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            let (text, answer) = try read([Array(bytes[..<cut]), Array(bytes[cut...])])
            #expect(text == "Schön, ja.", "cut at \(cut)")
            #expect(answer == expected, "cut at \(cut)")
        }
        #expect(try read(bytes.map { [$0] }).answer == expected)
    }

    @Test(arguments: ["", "\u{FEFF}", "\n\n"])
    func readsAStreamHoweverItIsCut(start: String) throws {
        try expectAtEveryCut(start + stream)
    }

    @Test(arguments: ["", "\u{FEFF}", " \r\n"])
    func readsAWholeAnswerHoweverItIsCut(start: String) throws {
        try expectAtEveryCut(start + expected.json(id: "c", created: 1, model: "m").text + "\n")
    }

    @Test func tellsTextAsSoonAsItIsThere() throws {
        var reader = AnswerReader(limits: AnswerLimits())
        #expect(try reader.feed(Array("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: ".utf8)) == "a")
        #expect(reader.hasEmitted)
        #expect(!reader.isDone)
        #expect(try reader.feed(Array("[DONE]\n\n".utf8)) == "")
        #expect(reader.isDone)
    }

    @Test func passesOverWhatFollowsTheEnd() throws {
        let (text, answer) = try read([Array((stream + "data: {\"error\":\"late\"}\n\ndata: x\n\n").utf8)])
        #expect(text == "Schön, ja.")
        #expect(answer == expected)
    }

    @Test(arguments: [
        "[DONE] ", " [DONE]\t", "[done]", "{}", "ok", "[]", "{\"done\":true}", "END", "", "{", "null", "\"[DONE]\"",
        #"{"code":"DONE","message":"finished"}"#,
    ])
    func whateverStandsBehindAnAnswerTakesNothingFromIt(end: String) throws {
        let answer = #"data: {"choices":[{"delta":{"content":"four"},"finish_reason":"stop"}]}"# + "\n\n"
        let text = "data: {}\n\n\(answer)data: \(end)\n\ndata: [DONE]\n\n"
        #expect(try read(text.utf8.map { [$0] }).text == "four")
        #expect(try read([Array(text.utf8)]).text == "four")
        #expect(try read([Array("\(answer)data: \(end)\n\n".utf8)]).text == "four")
    }

    @Test func anErrorBehindAnAnswerIsStillOne() {
        let answer = #"data: {"choices":[{"delta":{"content":""},"finish_reason":"stop"}]}"# + "\n\n"
        #expect(failure(answer + "event: error\ndata: it broke\n\n") == .said(APIError(message: "it broke")))
    }

    @Test func theEndIsKnownWithBlanksAroundIt() throws {
        let piece = #"data: {"choices":[{"delta":{"content":"four"}}]}"# + "\n\n"
        #expect(try read([Array("\(piece)data: {}\n\ndata: [DONE] \n\n".utf8)]).text == "four")
        #expect(failure("data: {}\n\n") == .unusable(.lost))
    }

    @Test func readsWhatIsNoAnswer() {
        #expect(failure("") == .unusable(.lost))
        #expect(failure("  \n") == .unusable(.lost))
        #expect(failure("data: [DONE]\n\n") == .unusable(.lost))
        #expect(failure("<!DOCTYPE html><html>") == .page)
        #expect(failure("\u{FEFF} <html>") == .page)
        #expect(failure(#"{"error":{"message":"no"}}"#) == .said(APIError(message: "no")))
        #expect(failure("data: {\"error\":{\"message\":\"no\"}}\n\n") == .said(APIError(message: "no")))
        #expect(failure("event: error\ndata: it broke\n\n") == .said(APIError(message: "it broke")))
        #expect(failure(#"{"code":1113,"message":"no"}"#) == .said(APIError(message: "no", code: "1113")))
        for text in ["{", "{}", #"{"answer":1}"#, "data: {\n\n", "data: nonsense\n\n"] {
            guard case .unusable(.malformed) = failure(text) else {
                Issue.record("\(text): \(String(describing: failure(text)))")
                continue
            }
        }
    }

    @Test(arguments: [
        (
            #"{"error":{"message":"gone","code":502},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}"#,
            "gone"
        ),
        (#"{"choices":[{"index":0,"delta":{},"error":{"message":"lost it","code":503}}]}"#, "lost it"),
        (#"{"error":"out of memory"}"#, "out of memory"), (#"{"code":1113,"message":"no credit"}"#, "no credit"),
    ])
    func readsAnErrorInTheMiddle(event: String, message: String) {
        let begin = "data: {\"choices\":[{\"delta\":{\"content\":\"half\"}}],\"error\":null}\n\n"
        guard case .said(let error) = failure(begin + "data: \(event)\n\n") else {
            Issue.record("no error was read")
            return
        }
        #expect(error.message == message)
    }

    @Test(arguments: [
        (#"half \ud83d"#, #"\ude00 done"#, "half 😀 done"), (#"\ud83d"#, #"\ud83d\ude00"#, "\u{FFFD}😀"),
        (#"\\\ud83d"#, #"\ude00"#, "\\😀"), (#"\\ud83d"#, #"\\ude00"#, #"\ud83d\ude00"#),
        (#"a\ud83d"#, "b", "a\u{FFFD}b"),
        (#"a\ud83d"#, "", "a\u{FFFD}"), (#"\ud83d\ude00\ud83d"#, #"\ude00\ud83d\ude00"#, "😀😀😀"),
        (#"\uD83D"#, #"\uDE00"#, "😀"), ("\u{E000}\u{F0001}", "\u{100000}", "\u{E000}\u{F0001}\u{100000}"),
        (#"a\udc00b"#, "c", "a\u{FFFD}bc"),
        ("tab\there", "", "tab\there"), (#"\ud83d\ude00"#, #"\udead"#, "😀\u{FFFD}"),
    ])
    func readsTextThatIsNotQuiteText(first: String, second: String, text: String) throws {
        func event(_ text: String) -> String { "data: {\"choices\":[{\"delta\":{\"content\":\"\(text)\"}}]}\n\n" }
        #expect(try read([Array((event(first) + event(second) + "data: [DONE]\n\n").utf8)]).text == text)
        let whole = "{\"choices\":[{\"message\":{\"content\":\"\(first)\(second)\"}}]}"
        #expect(try read([Array(whole.utf8)]).answer.message.text.isEmpty == false)
    }

    @Test func aCutAnywhereIsABrokenOffAnswer() throws {
        let text = "{\"id\": 1, \"choices\": [{\"delta\": {\"content\": \"so\\n\"}, \"finish_reason\": null}]}"
        let streams = [
            "data: \(text)\n\ndata: \(text)\n\n", "data: \(text)\r\n\r\n: hm\r\n\r\nevent: ping\r\ndata: 1\r\n\r\n",
            "event: message\nid: 7\ndata: \(text)\n\ndata: [DONE",
        ]
        for stream in streams {
            let bytes = Array(stream.utf8)
            for cut in 0...bytes.count { #expect(failure(bytes[..<cut]) == .unusable(.lost), "cut at \(cut)") }
        }
        let whole = Array(expected.json(id: "c", created: 1, model: "m").text.utf8)
        for cut in 2..<whole.count { #expect(failure(whole[..<cut]) == .unusable(.lost), "cut at \(cut)") }
        // Behind the end of the answer a cut costs nothing.
        let ended = Array("data: \(text.replacing("null", with: "\"stop\""))\n\n".utf8)
        for rest in ["data: {\"choices\": [], \"usa", "data: [DON", "da", "data"] {
            #expect(try read([ended + Array(rest.utf8)]).text == "so\n")
        }
    }

    @Test func halvesOfACharacterJoinWhereverTheyStand() throws {
        func event(_ delta: String) -> String { "data: {\"choices\":[{\"delta\":\(delta)}]}\n\n" }
        func call(_ text: String) -> String {
            #"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"\#(text)"}}]}"#
        }
        let stream =
            event(#"{"reasoning_content":"hm \ud83d"}"#) + event(#"{"reasoning_content":"\ude00."}"#)
            + event(call(#"{\"x\":\"\ud83d"#)) + event(call(#"\ude00\"}"#)) + event(#"{"content":"a\ud83d"}"#)
            + event("{}") + event(#"{"content":"\ude00b"}"#) + "data: [DONE]\n\n"
        let (text, answer) = try read([Array(stream.utf8)])
        #expect(text == "a😀b")
        #expect(answer.message.text == text)
        #expect(answer.message.reasoning == "hm 😀.")
        #expect(answer.message.toolCalls.map(\.arguments) == [#"{"x":"😀"}"#])
    }

    @Test func readsBytesThatAreNoUTF8() throws {
        var bytes = Array("data: {\"choices\":[{\"delta\":{\"content\":\"a?b\"}}]}\n\ndata: [DONE]\n\n".utf8)
        bytes[bytes.firstIndex(of: UInt8(ascii: "?")) ?? 0] = 0xFF
        #expect(try read([bytes]).text == "a\u{FFFD}b")
    }

    @Test func givesUpWhiteSpaceWithoutEndAndKeepsNoneOfIt() throws {
        var reader = AnswerReader(limits: AnswerLimits())
        let piece = [UInt8](repeating: 0x20, count: 1 << 20)
        for _ in 0..<16 { #expect(try reader.feed(piece) == "") }
        #expect(throws: AnswerReader.ContentError.unusable(.tooLarge("more than 16777216 bytes"))) {
            try reader.feed(piece)
        }
    }

    @Test func givesUpAnEventOfManySmallValues() {
        let values = String(repeating: "0,", count: 300_000)
        guard case .unusable(.malformed) = failure("data: {\"choices\":[],\"x\":[\(values)0]}\n\n") else {
            Issue.record("it was read")
            return
        }
    }

    @Test func keepsToTheLimits() {
        var limits = AnswerLimits()
        limits.textBytes = 5
        var reader = AnswerReader(limits: limits)
        #expect(throws: AnswerReader.ContentError.unusable(.tooLarge("more than 5 bytes of text"))) {
            try reader.feed(Array(stream.utf8))
        }
    }
}
