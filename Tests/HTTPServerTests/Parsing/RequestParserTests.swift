import Testing

@testable import HTTPServer

@Suite struct RequestParserTests {
    @Test func readsARequestWithAllItsParts() throws {
        let text =
            "POST /a/b%20c?q=%C3%A4&r HTTP/1.1\r\nHost: example.com:8080\r\nX-Y:  two  words\t\r\n"
            + "Content-Length: 2\r\n\r\nhi"
        let outcome = parse(text)
        let request = try #require(outcome.requests.first)
        #expect(outcome.refusal == nil)
        #expect(outcome.events.count == 2)
        #expect(request.method == "POST")
        #expect(request.path == "/a/b%20c")
        #expect(request.query == "q=%C3%A4&r")
        #expect(request.header("host") == "example.com:8080")
        #expect(request.header("x-y") == "two  words")
        #expect(request.headers.map(\.name) == ["host", "x-y", "content-length"])
        #expect(request.body == Array("hi".utf8))
        #expect(outcome.heads.first?.framing == .length(2))
        #expect(outcome.heads.first?.closes == false)
    }

    @Test(arguments: [
        ([0xE9], "é"), ([0x4A, 0xF6, 0x72, 0x67], "Jörg"), ([0xC3, 0xA9], "é"), ([0x80, 0xFF], "\u{80}ÿ"),
        ([0xE2, 0x82], "â\u{82}"), ([0xC3, 0xA9, 0xFF], "Ã©ÿ"),
    ])
    func takesValuesThatAreNoUTF8ForLatin1(bytes: [UInt8], value: String) {
        let text = Array("GET / HTTP/1.1\r\nHost: a\r\nX-Name: ".utf8) + bytes + Array("\r\n\r\n".utf8)
        #expect(parse([text[...]]).requests.first?.header("x-name") == value)
    }

    @Test func readsRequestsOneAfterTheOther() {
        let one = "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"
        let two = "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\ny\r\n0\r\n\r\n"
        let outcome = parse(one + two + one)
        #expect(outcome.requests.map(\.path) == ["/1", "/2", "/1"])
        #expect(outcome.refusal == nil)
        #expect(outcome.requests.map(\.body) == ["x", "y", "x"].map { Array($0.utf8) })
    }

    @Test(arguments: [
        ("5\r\nhello\r\n0\r\n\r\n", "hello"),
        ("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world"),
        ("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"),
        ("0005\r\nhello\r\n0000\r\n\r\n", "hello"),
        ("5;name=value;x=\"y\"\r\nhello\r\n0;last\r\n\r\n", "hello"),
        ("5\r\nhello\r\n0\r\nTrailer: dropped\r\nHost: other\r\n\r\n", "hello"),
        ("0\r\n\r\n", ""),
        ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n"),
    ])
    func readsChunks(body: String, expected: String) {
        let outcome = parse("POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: Chunked\r\n\r\n" + body)
        #expect(outcome.requests.map(\.body) == [Array(expected.utf8)])
        #expect(outcome.refusal == nil)
        #expect(outcome.requests.first?.headers.count == 2, "trailers are dropped")
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: a\r\n", false), ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", true),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: y , CLOSE\r\n", true),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, closed\r\n", false), ("GET / HTTP/1.0\r\n", true),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n", true), ("GET / HTTP/1.9\r\nHost: a\r\n", false),
    ])
    func knowsWhetherTheConnectionEnds(head: String, closes: Bool) {
        #expect(parse(head + "\r\n").heads.first?.closes == closes)
    }

    @Test func knowsWhoWaitsForContinue() {
        let expecting = "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n"
        #expect(parse("POST / HTTP/1.1\r\nHost: a\r\n" + expecting).heads.first?.expectsContinue == true)
        #expect(parse("POST / HTTP/1.0\r\n" + expecting).heads.first?.expectsContinue == false)
    }

    @Test func takesWholeURLsAndTheStar() {
        let outcome = parse(
            "GET HTTP://B.example:81?x HTTP/1.1\r\nHost: a\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(outcome.requests.map(\.path) == ["/", "*"])
        #expect(outcome.requests.first?.query == "x")
        #expect(outcome.requests.first?.headers == [HTTPHeader("host", "B.example:81")])
    }

    @Test func passesOverOneEmptyLine() {
        #expect(parse("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").requests.count == 1)
        #expect(parse("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").status == 400)
    }

    @Test func saysHowFarItIs() {
        var parser = RequestParser(limits: smallLimits)
        func feed(_ text: String) -> RequestParser.Progress {
            parser.append(text.utf8)
            while (try? parser.next()) ?? nil != nil {}
            return parser.progress
        }
        #expect(parser.progress == .idle)
        #expect(feed("G") == .head)
        #expect(feed("ET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r") == .head)
        #expect(feed("\n") == .body)
        #expect(feed("ab") == .body)
        #expect(feed("c") == .idle)
        #expect(feed("P") == .head)
    }

    @Test(arguments: samples)
    func givesTheSameForEveryCut(sample: String) {
        let bytes = Array(sample.utf8)
        let whole = parse([bytes[...]])
        #expect(parse(bytes.indices.map { bytes[$0...$0] }) == whole)
        for place in bytes.indices {
            #expect(parse([bytes[..<place], [], bytes[place...]]) == whole, "cut at \(place)")
        }
    }
}
