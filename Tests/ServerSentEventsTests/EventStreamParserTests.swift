import TestSupport
import Testing

@testable import ServerSentEvents

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

    @Test func keepsWhereAStreamCanBeContinued() throws {
        var parser = EventStreamParser(limit: 100)
        func feed(_ text: String) throws { try parser.feed(Array(text.utf8)) { _ in } }
        #expect(parser.lastEventID == nil)
        #expect(parser.retryMilliseconds == nil)
        try feed("id: 7\nretry: 10\ndata: x\n\n")
        #expect(parser.lastEventID == "7")
        #expect(parser.retryMilliseconds == 10)
        try feed("data: y\n\nid: a\0b\nretry: 1s\nretry:\nretry: 99999999999999999999\n\n")
        #expect(parser.lastEventID == "7")
        #expect(parser.retryMilliseconds == 10)
        try feed("id\n\n")
        #expect(parser.lastEventID == "")
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
            #expect(throws: EventStreamParser.EventTooLongError(limit: 10)) { try events(text, limit: 10) }
        }
    }
}
