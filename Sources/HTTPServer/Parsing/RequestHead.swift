/// The validated head of a request, with the framing of its body.
struct RequestHead: Sendable, Equatable {
    /// How a body is framed (RFC 9112, section 6.3).
    enum Framing: Sendable, Equatable {
        /// This number of bytes, possibly zero.
        case length(Int)
        case chunked
    }

    /// The request without its body.
    let request: HTTPRequest
    let framing: Framing
    let isHTTP10: Bool
    /// Whether the connection closes after the response.
    let closes: Bool
    /// Whether the client waits for `100 Continue` before it sends the body.
    let expectsContinue: Bool

    /// Fields that are ambiguous if they occur twice (request smuggling).
    private static let singletons: Set<String> = [
        "authorization", "content-length", "content-type", "expect", "host", "origin", "transfer-encoding",
    ]

    /// - Parameters:
    ///   - fields: names are lowercase.
    ///   - bodyLimit: maximum bytes of a body.
    init(_ line: RequestLine, _ fields: [HTTPHeader], bodyLimit: Int) throws(HTTPError) {
        var seen: [String: String] = [:]
        for field in fields where Self.singletons.contains(field.name) {
            guard seen.updateValue(field.value, forKey: field.name) == nil else {
                throw HTTPError(400, "Duplicate \(field.name) header.")
            }
        }
        isHTTP10 = line.isHTTP10
        framing = try Self.framing(seen, isHTTP10: line.isHTTP10, bodyLimit: bodyLimit)
        expectsContinue = try Self.expectsContinue(seen["expect"], isHTTP10: line.isHTTP10)

        guard seen["host"] != nil || line.isHTTP10 else { throw HTTPError(400, "The Host header is missing.") }
        if let host = seen["host"], HTTPAuthority(host) == nil {
            throw HTTPError(400, "The Host header isn't a valid host.")
        }
        var fields = fields
        if let authority = line.target.authority {
            // RFC 9112, section 3.2.2: the host in the target takes precedence over the `Host` field.
            fields.removeAll { $0.name == "host" }
            fields.append(HTTPHeader("host", authority))
        }
        let options = fields.filter { $0.name == "connection" }.flatMap { $0.value.lowercased().split(separator: ",") }
        closes = line.isHTTP10 || options.contains { $0.utf8.filter { !$0.isBlank }.elementsEqual("close".utf8) }
        request = HTTPRequest(
            method: line.method, path: line.target.path, query: line.target.query, headers: fields)
    }

    private static func framing(
        _ fields: [String: String], isHTTP10: Bool, bodyLimit: Int
    ) throws(HTTPError) -> Framing {
        if let text = fields["transfer-encoding"] {
            // Lowercase only ASCII: some non-ASCII characters have ASCII lowercase forms.
            let coding = text.utf8.allSatisfy { $0 < 0x80 } ? text.lowercased() : text
            guard fields["content-length"] == nil else {
                throw HTTPError(400, "A request must not have both content-length and transfer-encoding.")
            }
            guard !isHTTP10 else { throw HTTPError(400, "HTTP/1.0 has no transfer-encoding.") }
            guard coding == "chunked" else {
                // A near match of "chunked" is an attempt at request smuggling.
                let isOther = !coding.isEmpty && !coding.contains("chunked")
                throw HTTPError(isOther ? 501 : 400, "The only supported transfer-encoding is chunked.")
            }
            return .chunked
        }
        guard let text = fields["content-length"] else { return .length(0) }
        guard !text.isEmpty, text.utf8.allSatisfy(\.isDigit), let length = Int(text) else {
            throw HTTPError(400, "The content-length must be one decimal number.")
        }
        guard length <= bodyLimit else { throw .bodyTooLarge(limit: bodyLimit) }
        return .length(length)
    }

    private static func expectsContinue(_ value: String?, isHTTP10: Bool) throws(HTTPError) -> Bool {
        // RFC 9110, section 10.1.1: an expectation of an HTTP/1.0 client is ignored.
        guard let value, !isHTTP10 else { return false }
        guard value.lowercased() == "100-continue" else {
            throw HTTPError(417, "The only supported expectation is 100-continue.")
        }
        return true
    }
}

/// The request line.
struct RequestLine: Sendable, Equatable {
    private static let maxMethodLength = 32

    let method: String
    let target: RequestTarget
    let isHTTP10: Bool

    init(_ line: ArraySlice<UInt8>, targetLimit: Int) throws(HTTPError) {
        let parts = line.split(separator: .space, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].isToken, parts[0].count <= Self.maxMethodLength, !parts[1].isEmpty else {
            throw HTTPError(400, "The first line must be a method, a target and a version, with one space between.")
        }
        guard parts[1].count <= targetLimit else { throw .targetTooLong(limit: targetLimit) }
        let version = Array(parts[2])
        guard version.count == 8, version[..<5].elementsEqual("HTTP/".utf8), version[5].isDigit, version[6] == 0x2E,
            version[7].isDigit
        else {
            throw HTTPError(400, "The first line must end with HTTP/1.1.")
        }
        guard version[5] == UInt8(ascii: "1") else {
            throw HTTPError(505, "The only supported version is HTTP/1.1.")
        }
        isHTTP10 = version[7] == UInt8(ascii: "0")
        method = parts[0].text
        guard method != "CONNECT" else { throw HTTPError(501, "This server isn't a proxy.") }
        target = try RequestTarget(parts[1], method: method)
    }
}

extension HTTPHeader {
    /// Parses a field line (RFC 9112, section 5): no line folding, no whitespace before the colon.
    init(line: ArraySlice<UInt8>) throws(HTTPError) {
        guard line.first?.isBlank != true else { throw HTTPError(400, "A field must not continue on the next line.") }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), line[..<colon].isToken else {
            throw HTTPError(400, "A field must be a name, a colon and a value, with no space before the colon.")
        }
        let bytes = line[(colon + 1)...].trimmed
        // A value that isn't valid UTF-8 is most likely Latin-1 from an old client. Decoding each byte as one
        // character keeps distinct values distinct.
        let value =
            String(validating: bytes, as: UTF8.self)
            ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        self.init(line[..<colon].text.lowercased(), value)
    }
}

extension HTTPError {
    static func bodyTooLarge(limit: Int) -> HTTPError {
        HTTPError(413, "The body exceeds the limit of \(limit) bytes.")
    }

    static let tooManyLargeBodies = HTTPError(
        503, "Too many large requests are being received. Try again in 5 seconds.", retryAfter: 5)

    static let tooManyLargeBodiesOfOne = HTTPError(
        503, "Your other large requests have all the room that one client gets. Try again when one has ended.",
        retryAfter: 5)

    static func targetTooLong(limit: Int) -> HTTPError {
        HTTPError(414, "The target exceeds the limit of \(limit) bytes.")
    }

    static func headTooLarge(limit: Int) -> HTTPError {
        HTTPError(431, "The header fields exceed the limit of \(limit) bytes.")
    }

    static func tooManyFields(limit: Int) -> HTTPError {
        HTTPError(431, "There are more than \(limit) header fields.")
    }
}
