import Testing

@testable import HTTPServer

@Suite struct ResponseHeadTests {
    private let stream = HTTPResponse.Body.stream { _ in }

    private func head(_ response: HTTPResponse, isHTTP10: Bool = false, closes: Bool = false) throws -> String {
        let head = try ResponseHead(response, isHTTP10: isHTTP10, closes: closes, date: "DATE")
        return String(decoding: head.bytes, as: UTF8.self)
    }

    @Test func framesWholeAnswers() throws {
        let response = HTTPResponse(status: 404, headers: [HTTPHeader("X-Y", "z")], body: .bytes([1, 2]))
        let expected = "HTTP/1.1 404 Not Found\r\nDate: DATE\r\nX-Y: z\r\nContent-Length: 2\r\n"
        #expect(try head(response) == expected + "\r\n")
        #expect(try head(response, closes: true) == expected + "Connection: close\r\n\r\n")
    }

    @Test func framesStreams() throws {
        let response = HTTPResponse(body: stream)
        #expect(try head(response) == "HTTP/1.1 200 OK\r\nDate: DATE\r\nTransfer-Encoding: chunked\r\n\r\n")
        #expect(try head(response, isHTTP10: true) == "HTTP/1.1 200 OK\r\nDate: DATE\r\nConnection: close\r\n\r\n")
    }

    @Test(arguments: [204, 304]) func hasNoLengthWhereThereIsNoContent(status: Int) throws {
        #expect(try !head(HTTPResponse(status: status)).contains("Content-Length"))
        #expect(try !head(HTTPResponse(status: status, body: stream)).contains("Transfer-Encoding"))
    }

    @Test(arguments: [
        HTTPHeader("X", "a\r\nY: b"), HTTPHeader("X", "a\nb"), HTTPHeader("X", "a\rb"), HTTPHeader("X", "\u{0}"),
        HTTPHeader("X: y\r\nZ", "a"), HTTPHeader("", "a"), HTTPHeader("X ", "a"), HTTPHeader("Content-Length", "5"),
        HTTPHeader("transfer-encoding", "chunked"), HTTPHeader("Connection", "close"), HTTPHeader("Date", "now"),
    ])
    func refusesFieldsThatWouldMakeItAnotherMessage(field: HTTPHeader) {
        #expect(throws: ResponseHead.InvalidError.self) { try head(HTTPResponse(headers: [field])) }
    }

    @Test(arguments: [0, 100, 101, 199, 600, -1]) func refusesStatusesThatAreNone(status: Int) {
        #expect(throws: ResponseHead.InvalidError.self) { try head(HTTPResponse(status: status)) }
    }

    @Test func writesDates() {
        #expect(HTTPDate.text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.text(1_709_164_800) == "Thu, 29 Feb 2024 00:00:00 GMT")
    }
}
