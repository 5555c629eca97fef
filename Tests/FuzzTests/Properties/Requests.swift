@testable import HTTPServer

extension Property {
    /// The requests of a stream are the same however it is cut, nothing comes after a refusal, and a request that is
    /// written anew in the plainest way is read as the same one.
    static let requests = Property(name: "requests") { bytes throws(BrokenPropertyError) in
        let whole = read([bytes[...]])
        for pieces in cuts(of: bytes) {
            try hold(read(pieces) == whole, "other requests in \(pieces.count) pieces")
        }
        try hold(whole.refusal.map { (400...505).contains($0.status) } ?? true, "a refusal that is none")
        for (request, isHTTP10) in zip(whole.requests, whole.areHTTP10) {
            try hold(request.body.count <= limits.bodyBytes, "a body over the limit")
            let again = read([plain(request, isHTTP10: isHTTP10)[...]])
            try hold(again == Stream(requests: [request], areHTTP10: [isHTTP10]), "another request when written anew")
            for segment in HTTPPath.segments(of: request.path) ?? [] {
                try hold(!segment.isEmpty && segment != "." && segment != "..", "a segment that leads elsewhere")
                try hold(
                    !segment.utf8.contains { $0 == 0x2F || $0 == 0x5C || $0 < 0x20 }, "a segment that hides a sign")
            }
        }
    }

    private static let limits = {
        var limits = HTTPLimits()
        limits.targetBytes = 128
        limits.headBytes = 512
        limits.headerCount = 16
        limits.bodyBytes = 256
        limits.chunkExtensionBytes = 64
        return limits
    }()

    private struct Stream: Equatable {
        var requests: [HTTPRequest] = []
        /// Of each head, which may be one more than the requests.
        var areHTTP10: [Bool] = []
        var refusal: HTTPError?
    }

    private static func read(_ pieces: [ArraySlice<UInt8>]) -> Stream {
        var parser = RequestParser(limits: limits)
        var stream = Stream()
        do throws(HTTPError) {
            for piece in pieces {
                parser.append(piece)
                while let event = try parser.next() {
                    switch event {
                    case .head(let head): stream.areHTTP10.append(head.isHTTP10)
                    case .request(let request): stream.requests.append(request)
                    }
                }
            }
        } catch {
            stream.refusal = error
        }
        return stream
    }

    /// The bytes of a request as nobody could misread them, with the fields that it has.
    private static func plain(_ request: HTTPRequest, isHTTP10: Bool) -> [UInt8] {
        let target = request.path + (request.query.map { "?" + $0 } ?? "")
        var text = "\(request.method) \(target) HTTP/1.\(isHTTP10 ? 0 : 1)\r\n"
        for field in request.headers { text += "\(field.name):\(field.value)\r\n" }
        let isChunked = request.header("transfer-encoding") != nil
        let size = isChunked && !request.body.isEmpty ? String(request.body.count, radix: 16) + "\r\n" : ""
        let end = isChunked ? (request.body.isEmpty ? "0\r\n\r\n" : "\r\n0\r\n\r\n") : ""
        return Array((text + "\r\n" + size).utf8) + request.body + Array(end.utf8)
    }
}
