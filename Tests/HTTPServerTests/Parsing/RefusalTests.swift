import TestSupport
import Testing

@testable import HTTPServer

/// What is refused, and with what. Nothing after it is read.
@Suite struct RefusalTests {
    @Test(arguments: [
        // The first line.
        ("GET / HTTP/1.1\nHost: a\n\n", 400), ("GET  / HTTP/1.1\r\n", 400), (" GET / HTTP/1.1\r\n", 400),
        ("GET / HTTP/1.1 \r\n", 400), ("GET\t/ HTTP/1.1\r\n", 400), ("GET /\r\n", 400), ("GET\r\n", 400),
        ("G(T / HTTP/1.1\r\n", 400), ("/ HTTP/1.1\r\n", 400), ("GET / http/1.1\r\n", 400), ("GET / HTTP/11\r\n", 400),
        ("GET / HTTP/1.1x\r\n", 400), ("GET / HTTP/2.0\r\n", 505), ("GET / HTTP/0.9\r\n", 505),
        ("CONNECT a:80 HTTP/1.1\r\n", 501), ("GET a HTTP/1.1\r\n", 400), ("GET * HTTP/1.1\r\n", 400),
        ("GET https://a/ HTTP/1.1\r\n", 400), ("GET http:///x HTTP/1.1\r\n", 400),
        ("GET http://u@a/ HTTP/1.1\r\n", 400), ("GET //\\ HTTP/1.1\r\n", 400), ("GET /# HTTP/1.1\r\n", 400),
        ("GET /% HTTP/1.1\r\n", 400), ("GET /%0 HTTP/1.1\r\n", 400), ("GET /?%zz HTTP/1.1\r\n", 400),
        ("GET /é HTTP/1.1\r\n", 400), ("GET /\u{7F} HTTP/1.1\r\n", 400), ("GET /\u{0} HTTP/1.1\r\n", 400),
        ("GET /\rX HTTP/1.1\r\n", 400), ("\n", 400), ("\u{16}\u{3}\u{1}", 400),
        (String(repeating: "X", count: 33) + " / HTTP/1.1\r\n", 400),
    ])
    func refusesFirstLines(text: String, status: Int) {
        let outcome = parse(text)
        #expect(outcome.status == status)
        #expect(outcome.events.isEmpty)
    }

    @Test(arguments: [
        "Host : a", "Host\t: a", ": a", "Host a", " Host: a", "X: 1\r\n 2", "X: 1\r\n\t2", "X: 1\n", "X: a\rb",
        "X: \u{0}", "X: \u{1}", "X: \u{7F}", "X\u{0}: y", "X(: y", "Hé: y",
    ])
    func refusesFields(line: String) {
        let outcome = parse("GET / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n")
        #expect(outcome.status == 400)
        #expect(outcome.events.isEmpty)
    }

    @Test(arguments: ["Host", "Content-Length", "Transfer-Encoding", "Expect", "X\u{FF}"])
    func refusesFieldsThatSayWhatAMessageIsInOtherBytes(name: String) {
        let fields = name == "Host" ? "" : "Host: a\r\n"
        let bytes = Array("GET / HTTP/1.1\r\n\(fields)\(name): ".utf8) + [0xFF] + Array("\r\n\r\n".utf8)
        #expect([400, 417, 501].contains(parse([bytes[...]]).status))
    }

    @Test(arguments: [
        "", "Host: a\r\nHost: a\r\n", "Host: a\r\nHost: b\r\n", "Host:\r\n", "Host: a b\r\n", "Host: a,b\r\n",
        "Host: a:\r\n", "Host: a:x\r\n", "Host: a:70000\r\n", "Host: u@a\r\n", "Host: a/b\r\n", "Host: [::1\r\n",
        "Host: []\r\n", "Host: [::1]x\r\n", "Host: a%20\r\n",
    ])
    func refusesAnythingButOneHost(fields: String) {
        #expect(parse("GET / HTTP/1.1\r\n\(fields)\r\n").status == 400)
        #expect(fields.isEmpty || parse("GET / HTTP/1.0\r\n\(fields)\r\n").status == 400)
    }

    @Test(arguments: [
        // Lengths.
        ("Content-Length: +5", 400), ("Content-Length: -5", 400), ("Content-Length: 5 5", 400),
        ("Content-Length: 5, 5", 400), ("Content-Length: 0x5", 400), ("Content-Length: 5.0", 400),
        ("Content-Length: 1_0", 400), ("Content-Length:", 400), ("Content-Length: ٥", 400),
        ("Content-Length: 5\r\nContent-Length: 5", 400), ("Content-Length: 5\r\nContent-Length: 6", 400),
        ("Content-Length: 99999999999999999999999999", 400), ("Content-Length: 21", 413),
        // Codings.
        ("Transfer-Encoding: chunked\r\nContent-Length: 5", 400),
        ("Content-Length: 0\r\nTransfer-Encoding: chunked", 400),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400), ("Transfer-Encoding: chunked, chunked", 400),
        ("Transfer-Encoding: identity, chunked", 400), ("Transfer-Encoding: xchunked", 400),
        ("Transfer-Encoding: chun\u{212A}ed", 501), ("Transfer-Encoding: CHUN\u{212A}ED", 501),
        ("Transfer-Encoding: chunked\u{301}", 501), ("Transfer-Encoding: \u{FF43}hunked", 501),
        ("Transfer-Encoding: chunked;q=1", 400), ("Transfer-Encoding: \"chunked\"", 400), ("Transfer-Encoding:", 400),
        ("Transfer-Encoding: chun\tked", 501), ("Transfer-Encoding: gzip", 501), ("Transfer-Encoding: identity", 501),
        // Others.
        ("Expect: 200-ok", 417), ("Expect: 100-continue\r\nExpect: 100-continue", 400),
        ("Origin: http://a\r\nOrigin: http://b", 400), ("Authorization: x\r\nAuthorization: y", 400),
    ])
    func refusesWhatCouldBeReadInTwoWays(fields: String, status: Int) {
        let outcome = parse("POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\nhelloGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(outcome.status == status)
        #expect(outcome.events.isEmpty)
    }

    @Test func refusesCodingsOfHTTP10() {
        #expect(parse("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").status == 400)
    }

    @Test(arguments: [
        ("5\nhello\r\n", 400), ("5 \r\nhello\r\n", 400), (" 5\r\nhello\r\n", 400), ("5 ;a\r\n", 400), ("+5\r\n", 400),
        ("0x5\r\n", 400), ("\r\n", 400), ("g\r\n", 400), (";a\r\n", 400), ("5\r\nhello0\r\n", 400),
        ("5\r\nhello\n", 400), ("5\r\nhello\rX", 400), ("5;\u{0}\r\n", 400), ("5;a\nb\r\n", 400), ("15\r\n", 413),
        ("10\r\n0123456789abcdef\r\n5\r\n", 413), ("ffffffffffffffff\r\n", 413), ("7fffffffffffffff\r\n", 413),
        ("00000000000000005\r\n", 400), ("5;" + String(repeating: "x", count: 40) + "\r\n", 400),
        ("1;0123456789\r\na\r\n1;0123456789\r\na\r\n1;0123456789\r\n", 400), ("0\r\nX : y\r\n", 400),
        ("0\r\n X\r\n", 400), ("0\r\nX: " + String(repeating: "y", count: 300), 431),
        ("0\r\n" + String(repeating: "X: y\r\n", count: 6), 431),
    ])
    func refusesChunks(body: String, status: Int) {
        let outcome = parse("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
        #expect(outcome.status == status)
        #expect(outcome.requests.isEmpty)
    }

    @Test func refusesWhatIsOverALimitAndNothingBelow() {
        func target(_ count: Int) -> String { "/" + String(repeating: "x", count: count - 1) }
        #expect(parse("GET \(target(40)) HTTP/1.1\r\nHost: a\r\n\r\n").requests.count == 1)
        #expect(parse("GET \(target(41)) HTTP/1.1\r\nHost: a\r\n\r\n").status == 414)
        #expect(parse("GET \(target(4000))").status == 414, "told before its end")

        // Host: a and X: are 9 and 5 bytes with their line ends, the last empty line is not counted.
        func field(_ count: Int) -> String { "X: " + String(repeating: "y", count: count) }
        #expect(parse("GET / HTTP/1.1\r\nHost: a\r\n\(field(186))\r\n\r\n").requests.count == 1)
        #expect(parse("GET / HTTP/1.1\r\nHost: a\r\n\(field(189))\r\n\r\n").status == 431)
        #expect(parse("GET / HTTP/1.1\r\nHost: a\r\n\(field(4000))").status == 431, "told before its end")

        let four = String(repeating: "X: y\r\n", count: 4)
        #expect(parse("GET / HTTP/1.1\r\nHost: a\r\n\(four)\r\n").requests.count == 1)
        #expect(parse("GET / HTTP/1.1\r\nHost: a\r\n\(four)X: y\r\n\r\n").status == 431)
    }

    @Test func staysRefused() {
        var parser = RequestParser(limits: smallLimits)
        parser.append("GET / HTTP/3.0\r\n".utf8)
        for _ in 0..<2 {
            #expect(throws: HTTPError.self) { try parser.next() }
            parser.append("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        }
    }

    @Test(arguments: UInt64(1)...4)
    func endsForWhateverComesAndTheSameInAllPieces(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let signs = Array("\r\n \t:;,%/?0fA\u{0}é".utf8)
        for number in 0..<1500 {
            var bytes = Array(random.pick(samples).utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0...bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes.insert(random.pick(signs), at: place)
                case 1: bytes.replaceSubrange(place..<min(bytes.count, place + 1), with: [random.pick(signs)])
                case 2: bytes.removeSubrange(place..<min(bytes.count, place + 3))
                default: bytes.insert(contentsOf: random.pick(samples).utf8.prefix(60), at: place)
                }
            }
            let whole = parse([bytes[...]])
            #expect(parse(cut(bytes, &random)) == whole, "seed \(seed), number \(number)")
            #expect(parse(bytes.indices.map { bytes[$0...$0] }) == whole, "seed \(seed), number \(number)")
        }
    }
}
