import TestSupport

@testable import HTTPServer

/// What a parser makes of a stream.
struct Outcome: Equatable {
    var events: [RequestParser.Event] = []
    var refusal: HTTPError?

    var requests: [HTTPRequest] {
        events.compactMap { if case .request(let request) = $0 { request } else { nil } }
    }

    var heads: [RequestHead] {
        events.compactMap { if case .head(let head) = $0 { head } else { nil } }
    }

    var status: Int? { refusal?.status }
}

/// Limits small enough to be met in a test.
let smallLimits = {
    var limits = HTTPLimits()
    limits.targetBytes = 40
    limits.headBytes = 200
    limits.headerCount = 5
    limits.bodyBytes = 20
    limits.chunkExtensionBytes = 30
    return limits
}()

/// Feeds a stream in these pieces.
func parse(_ pieces: [ArraySlice<UInt8>], limits: HTTPLimits = smallLimits) -> Outcome {
    var parser = RequestParser(limits: limits)
    var outcome = Outcome()
    do throws(HTTPError) {
        for piece in pieces {
            parser.append(piece)
            while let event = try parser.next() { outcome.events.append(event) }
        }
    } catch {
        outcome.refusal = error
    }
    return outcome
}

/// Feeds a stream at once.
func parse(_ text: String, limits: HTTPLimits = smallLimits) -> Outcome {
    parse([Array(text.utf8)[...]], limits: limits)
}

/// A stream in pieces of random sizes.
func cut(_ bytes: [UInt8], _ random: inout SplitMix64) -> [ArraySlice<UInt8>] {
    var pieces: [ArraySlice<UInt8>] = []
    var rest = bytes[...]
    while !rest.isEmpty {
        let piece = rest.prefix(Int.random(in: 1...24, using: &random))
        pieces.append(piece)
        rest = rest.dropFirst(piece.count)
    }
    return pieces
}

/// Streams of all kinds, good and bad.
let samples: [String] = [
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "\r\nGET /x?y=1 HTTP/1.1\r\nHost: a:80\r\nAccept:\t*/* \r\n\r\nGET /z HTTP/1.0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n00\r\nT: x\r\n\r\nGET / HTTP/1.1\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 21\r\n\r\n",
    "GET http://B.example/p HTTP/1.1\r\nHost: a\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n",
    "GET / HTTP/1.1\nHost: a\n\n",
    "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n",
    "GET /" + String(repeating: "x", count: 60) + " HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /" + String(repeating: "x", count: 200) + " HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "y", count: 300) + "\r\n\r\n",
    "GET / HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 6) + "\r\n",
    "PUT /é HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX: \u{0}\r\n\r\n",
]
