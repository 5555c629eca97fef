import JSON
import ServerSentEvents
import Testing

@testable import OpenAI

@Suite struct EventStreamTests {
    @Test func aParserReadsWhatIsWritten() throws {
        let written =
            EventStream.event(["text": "two\nlines\r\n", "more": 1]) + EventStream.comment("not\ndata: this\r")
            + EventStream.done
        var parser = EventStreamParser(limit: 1000)
        var texts: [String] = []
        try parser.feed(written) { texts.append(String(decoding: $0.data, as: UTF8.self)) }
        #expect(texts == [#"{"text":"two\nlines\r\n","more":1}"#, "[DONE]"])
    }
}

@Suite struct AnswerEventTests {
    @Test func tellsTheKindsApart() throws {
        for text in ["[DONE]", "[DONE] ", "\t[DONE]"] {
            #expect(try AnswerEvent(parsing: Array(text.utf8)) == .done)
        }
        #expect(try AnswerEvent(parsing: Array("{}".utf8)) == .chunk(ChatChunk(delta: nil)))
        #expect(
            try AnswerEvent(parsing: Array(#"{"error":{"message":"no","code":7}}"#.utf8))
                == .failure(APIError(message: "no", code: "7")))
        #expect(
            try AnswerEvent(parsing: Array(#"{"choices":[{"delta":{"content":"a"}}],"error":null}"#.utf8))
                == .chunk(ChatChunk(delta: .init(text: "a"))))
    }

    @Test(arguments: ["", "[DONE", "nonsense", "7", "[]", #"{"a":1}"#, #"{"choices":7}"#, "\u{FF}"])
    func refusesAnythingElse(text: String) {
        #expect(throws: FormatError.self) { try AnswerEvent(parsing: Array(text.utf8)) }
    }
}
