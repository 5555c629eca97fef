import JSON
import TestSupport
import Testing

@testable import OpenAI

@Suite struct EventStreamParserTests {
    private typealias Event = EventStreamParser.Event

    /// What a parser makes of `pieces`, fed one after the other; the end of the stream included.
    private func events(_ pieces: [[UInt8]], limit: Int = 1000) throws -> [Event] {
        var parser = EventStreamParser(limit: limit)
        var events: [Event] = []
        for piece in pieces { try parser.feed(piece) { events.append($0) } }
        try parser.finish { events.append($0) }
        return events
    }

    private func events(_ text: String, limit: Int = 1000) throws -> [Event] {
        try events([Array(text.utf8)], limit: limit)
    }

    private func data(_ texts: String...) -> [Event] {
        texts.map { Event(data: Array($0.utf8)) }
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func readsEveryKindOfLineEnd(end: String) throws {
        let text = "data: one\n\ndata: two\ndata: lines\n\n".replacing("\n", with: end)
        #expect(try events(text) == data("one", "two\nlines"))
    }

    @Test func cutsTheSameAtEveryPlace() throws {
        let text = Array(
            "\u{FEFF}data: ü\r\n\r\n: comment\r\rdata:two\ndata\rdata:  three\n\nevent: ping\ndata: 1\n\n".utf8)
        let whole = try events([text])
        #expect(whole == data("ü", "two\n\n three") + [Event(type: "ping", data: Array("1".utf8))])
        for first in 0...text.count {
            for second in first...text.count {
                let pieces = [Array(text[..<first]), Array(text[first..<second]), Array(text[second...])]
                #expect(try events(pieces) == whole, "cut at \(first) and \(second)")
            }
        }
        #expect(try events(text.map { [$0] }) == whole)
    }

    @Test func passesOverWhatMeansNothing() throws {
        #expect(try events(": a comment\n\nid: 7\nretry: 10\nunknown: x\n\n\n\ndata: x\nid: 8\n\n") == data("x"))
    }

    @Test func takesOffOneBlankAndNoOther() throws {
        #expect(try events("data:a\n\ndata: b\n\ndata:  c\n\ndata: \n\ndata\n\n") == data("a", "b", " c", "", ""))
    }

    @Test func takesAByteOrderMarkAtTheStartOnly() throws {
        #expect(try events("\u{FEFF}data: a\n\n") == data("a"))
        #expect(try events("data: a\n\n\u{FEFF}data: b\n\n") == data("a"))
    }

    @Test func takesTheLastEventWithoutItsBlankLine() throws {
        #expect(try events("data: a\n\ndata: [DONE]") == data("a", "[DONE]"))
        #expect(try events("data: a\n\ndata: [DONE]\n") == data("a", "[DONE]"))
    }

    @Test func keepsBytesThatAreNoText() throws {
        #expect(
            try events([Array("data: ".utf8) + [0xFF, 0x00, 0xC3] + [0x0A, 0x0A]]) == [Event(data: [0xFF, 0x00, 0xC3])])
    }

    @Test func givesUpAtAnEventThatIsTooLong() throws {
        #expect(try events("data: 1234\n\n", limit: 10) == data("1234"))
        for text in ["data: 12345", "data: 1234\ndata: 5", String(repeating: "data:\n", count: 20), ": 345678901"] {
            #expect(throws: EventStreamParser.EventTooLong(limit: 10)) { try events(text, limit: 10) }
        }
    }

    @Test func readsWhatIsWritten() throws {
        let written =
            EventStream.event(["text": "two\nlines\r\n", "more": 1]) + EventStream.comment("not\ndata: this\r")
            + EventStream.done
        #expect(try events([written]) == data(#"{"text":"two\nlines\r\n","more":1}"#, "[DONE]"))
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
