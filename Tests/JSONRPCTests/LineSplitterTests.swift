import JSONRPC
import Testing

@Suite struct LineSplitterTests {
    /// What a splitter makes of `pieces`, fed one after the other.
    private func lines(_ pieces: [String], limit: Int = 100) -> [LineSplitter.Line] {
        lines(pieces.map { Array($0.utf8) }, limit: limit)
    }

    private func lines(_ pieces: [[UInt8]], limit: Int) -> [LineSplitter.Line] {
        var splitter = LineSplitter(limit: limit)
        var lines: [LineSplitter.Line] = []
        for piece in pieces { piece.withUnsafeBytes { bytes in splitter.feed(bytes) { lines.append($0) } } }
        return lines
    }

    private func complete(_ texts: String...) -> [LineSplitter.Line] {
        texts.map { .complete(Array($0.utf8)) }
    }

    @Test func findsSeveralLinesInOnePiece() {
        #expect(lines(["one\ntwo\nthree\n"]) == complete("one", "two", "three"))
    }

    @Test func putsALineTogetherFromSingleBytes() {
        let text = "{\"a\": \"ü\"}\r\n\nsecond\n"
        #expect(lines(text.utf8.map { [$0] }, limit: 100) == complete("{\"a\": \"ü\"}", "second"))
    }

    @Test func cutsTheSameAtEveryPlace() {
        let text = Array("first\r\n  \nsecond line\n\r\nthird\n".utf8)
        for cut in 0...text.count {
            let pieces = [Array(text[..<cut]), [], Array(text[cut...])]
            #expect(lines(pieces, limit: 100) == complete("first", "second line", "third"), "cut at \(cut)")
        }
    }

    @Test(arguments: ["", "\n", "\r\n", "\n\n\r\n", " \n", " \t \r\n"])
    func passesOverBlankLines(text: String) {
        #expect(lines([text]) == [])
    }

    @Test func takesOffOneCarriageReturnAndNoOther() {
        #expect(lines(["a\r\n", "b\r\r\n", "c\rd\n"]) == complete("a", "b\r", "c\rd"))
    }

    @Test func keepsBlanksAtTheEndsOfALine() {
        #expect(lines([" a \n"]) == complete(" a "))
    }

    @Test func waitsForTheEndOfTheLastLine() {
        #expect(lines(["one\ntwo"]) == complete("one"))
        #expect(lines(["one\ntwo", "\n"]) == complete("one", "two"))
    }

    @Test func takesAnyBytes() {
        let bytes: [UInt8] = [0x00, 0xFF, 0xC3, 0x28]
        #expect(lines([bytes + [0x0A]], limit: 100) == [.complete(bytes)])
    }

    @Test(arguments: [1, 9, 10])
    func takesALineUpToTheLimit(count: Int) {
        let text = String(repeating: "x", count: count)
        #expect(lines([text + "\n"], limit: 10) == complete(text))
        #expect(lines(text.utf8.map { [$0] } + [[0x0A]], limit: 10) == complete(text))
    }

    @Test(arguments: [11, 12, 1000])
    func givesUpALineOverTheLimitAndTakesTheNext(count: Int) {
        let text = String(repeating: "x", count: count) + "\ngood\n"
        let expected = [LineSplitter.Line.tooLong(limit: 10)] + complete("good")
        #expect(lines([text], limit: 10) == expected)
        #expect(lines(text.utf8.map { [$0] }, limit: 10) == expected)
    }

    @Test func tellsOfALineTooLongBeforeItsEnd() {
        #expect(lines([String(repeating: "x", count: 11)], limit: 10) == [.tooLong(limit: 10)])
    }

    @Test func tellsOfEachLineTooLongOnce() {
        let long = String(repeating: "x", count: 50)
        #expect(
            lines([long, long, "\n", long, "\n", "ok\n", long], limit: 10)
                == [.tooLong(limit: 10), .tooLong(limit: 10)] + complete("ok") + [.tooLong(limit: 10)])
    }

    private func told(_ text: String, limit: Int, cut: Int) -> [LineSplitter.Line] {
        let bytes = Array(text.utf8)
        return lines([Array(bytes[..<cut]), Array(bytes[cut...])], limit: limit)
    }

    @Test(arguments: [
        (#"{"jsonrpc":"2.0","id":77,"method":"m","params":{"x":"long"}}"#, RequestID.integer(77)),
        (#"{"method":"m","params":{"id":1,"x":"\"id\":2"},"jsonrpc":"2.0","id":"last"}"#, .string("last")),
        (#"{"method":"m","params":{"id":1},"x":[{"id":3}]}"#, nil), (#"[{"id":1},{"id":2},{"id":3},{}]"#, nil),
    ])
    func findsTheIDOfALineTooLongHoweverItIsCut(line: String, id: RequestID?) {
        for limit in [0, 1, 5, 20, 30] {
            for cut in 0...line.utf8.count {
                let found = told(line + "\nnext\n", limit: limit, cut: cut).first
                #expect(found == .tooLong(limit: limit, id: id), "limit \(limit), cut at \(cut)")
            }
        }
    }

    @Test func tellsOfALineTooLongOnceItsIDIsKnown() {
        #expect(lines([#"{"id":5,"x":"no end in sight"#], limit: 10) == [.tooLong(limit: 10, id: .integer(5))])
        #expect(lines([#"{"x":"no end in sight"#], limit: 10) == [])
        #expect(lines([#"{"x":"no end in sight"#, "\n"], limit: 10) == [.tooLong(limit: 10)])
    }

    @Test(
        arguments: [
            ("one\ntwo", [.complete(Array("one".utf8)), .unfinished(Array("two".utf8))]), ("", []),
            ("one\n", [.complete(Array("one".utf8))]),
            ("two\r", [.unfinished(Array("two".utf8))]), (" \t", []), ("{\"x\": 1234567", [.tooLong(limit: 10)]),
        ] as [(String, [LineSplitter.Line])])
    func givesWhatIsLeftAtTheEnd(text: String, expected: [LineSplitter.Line]) {
        var splitter = LineSplitter(limit: 10)
        var lines: [LineSplitter.Line] = []
        Array(text.utf8).withUnsafeBytes { bytes in splitter.feed(bytes) { lines.append($0) } }
        splitter.end { lines.append($0) }
        splitter.end { lines.append($0) }
        #expect(lines == expected)
    }
}
