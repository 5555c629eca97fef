/// Serializes the head of a response. Rejects anything that would change how the message is parsed (response
/// splitting).
struct ResponseHead: Sendable {
    /// How the content is framed.
    enum Framing: Sendable, Equatable {
        /// There is no content, and there cannot be any.
        case none
        /// This number of bytes.
        case length(Int)
        /// Chunks, the last of which is empty.
        case chunked
        /// Everything until the connection ends.
        case untilClose
    }

    /// A response that a handler must not produce.
    struct InvalidError: Error, Sendable, Equatable, CustomStringConvertible {
        let description: String
    }

    /// Fields that define the framing or that only the server can set.
    private static let reserved: Set<String> = [
        "connection", "content-length", "date", "keep-alive", "trailer", "transfer-encoding", "upgrade",
    ]

    let framing: Framing
    let bytes: [UInt8]

    init(_ response: HTTPResponse, isHTTP10: Bool, closes: Bool, date: String) throws(InvalidError) {
        guard (200...599).contains(response.status) else {
            throw InvalidError(description: "a response has the status \(response.status)")
        }
        let framing = Self.framing(response, isHTTP10: isHTTP10)
        var head = "HTTP/1.1 \(response.status) \(HTTPStatus.reason(response.status))\r\nDate: \(date)\r\n"
        for field in response.headers {
            guard Array(field.name.utf8).isToken, !Self.reserved.contains(field.name.lowercased()) else {
                throw InvalidError(description: "a response has a field \(field.name.debugDescription)")
            }
            guard !field.value.utf8.contains(where: \.isControl) else {
                throw InvalidError(description: "the field \(field.name) of a response has a control character")
            }
            head += "\(field.name): \(field.value)\r\n"
        }
        switch framing {
        case .none, .untilClose: break
        case .length(let length): head += "Content-Length: \(length)\r\n"
        case .chunked: head += "Transfer-Encoding: chunked\r\n"
        }
        if closes || framing == .untilClose { head += "Connection: close\r\n" }
        self.framing = framing
        bytes = Array((head + "\r\n").utf8)
    }

    private static func framing(_ response: HTTPResponse, isHTTP10: Bool) -> Framing {
        // RFC 9110, section 8.6: no Content-Length if there can be no content.
        if response.status == 204 || response.status == 304 { return .none }
        return switch response.body {
        case .bytes(let bytes): .length(bytes.count)
        case .stream: isHTTP10 ? .untilClose : .chunked
        case .omitted(let length): length.map { .length($0) } ?? .none
        }
    }
}

/// Reason phrases. Only people read them.
enum HTTPStatus {
    private static let reasons = [
        200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content", 301: "Moved Permanently",
        302: "Found", 303: "See Other", 304: "Not Modified", 307: "Temporary Redirect", 308: "Permanent Redirect",
        400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
        406: "Not Acceptable", 408: "Request Timeout", 409: "Conflict", 410: "Gone", 411: "Length Required",
        413: "Content Too Large", 414: "URI Too Long", 415: "Unsupported Media Type", 417: "Expectation Failed",
        421: "Misdirected Request", 422: "Unprocessable Content", 426: "Upgrade Required", 429: "Too Many Requests",
        431: "Request Header Fields Too Large", 500: "Internal Server Error", 501: "Not Implemented",
        502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout", 505: "HTTP Version Not Supported",
    ]

    static func reason(_ status: Int) -> String { reasons[status] ?? "Status" }
}
