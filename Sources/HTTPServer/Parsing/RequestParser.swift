/// Incremental HTTP/1.1 parser (RFC 9112); does no I/O. Rejects ambiguous framing (request smuggling) and parses
/// nothing after it.
struct RequestParser: Sendable {
    enum Event: Sendable, Equatable {
        /// A head is complete; its body follows.
        case head(RequestHead)
        /// A request is complete.
        case request(HTTPRequest)
    }

    /// How far the current request has been parsed.
    enum Progress: Sendable, Equatable {
        /// No byte of a request has arrived.
        case idle
        case head
        case body
    }

    private enum Place: Sendable {
        case line(afterBlank: Bool)
        case fields(RequestLine)
        case body(RequestHead, Body)
        case refused(HTTPError)
    }

    private enum Body: Sendable {
        case length(left: Int)
        case chunked(ChunkedBody)
    }

    private let limits: HTTPLimits
    private var input = InputBuffer()
    private var place = Place.line(afterBlank: false)
    private var lines = LineScanner()
    private var fields: [HTTPHeader] = []
    private var fieldBytes = 0
    private var body: [UInt8] = []

    init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// Received bytes that are not consumed yet.
    var waitingBytes: Int { input.count }

    var progress: Progress {
        switch place {
        case .line: input.isEmpty ? .idle : .head
        case .fields, .refused: .head
        case .body: .body
        }
    }

    /// Appends received bytes.
    mutating func append(_ bytes: some Sequence<UInt8>) {
        input.append(bytes)
    }

    /// Returns the next event; `nil` if more input is needed.
    ///
    /// - Throws: why the stream is rejected; from then on always the same error.
    mutating func next() throws(HTTPError) -> Event? {
        do {
            return try step()
        } catch {
            place = .refused(error)
            input = InputBuffer()
            body = []
            throw error
        }
    }

    private mutating func step() throws(HTTPError) -> Event? {
        while true {
            switch place {
            case .line(let afterBlank):
                guard let line = try parseRequestLine() else { return nil }
                if line.isEmpty, !afterBlank {
                    // RFC 9112, section 2.2: one empty line before a request is ignored.
                    place = .line(afterBlank: true)
                } else {
                    place = .fields(try RequestLine(line, targetLimit: limits.targetBytes))
                }
            case .fields(let line):
                guard let field = try parseFieldLine() else { return nil }
                guard field.isEmpty else {
                    try add(field)
                    continue
                }
                let head = try RequestHead(
                    line, fields, bodyLimit: limits.bodyBytes(method: line.method, path: line.target.path))
                (fields, fieldBytes) = ([], 0)
                switch head.framing {
                case .length(let length): place = .body(head, .length(left: length))
                case .chunked: place = .body(head, .chunked(ChunkedBody(limits: limits)))
                }
                return .head(head)
            case .body(let head, let rest):
                guard try parseBody(rest, of: head) else { return nil }
                defer { (body, place) = ([], .line(afterBlank: false)) }
                let request = head.request
                return .request(
                    HTTPRequest(
                        method: request.method, path: request.path, query: request.query, headers: request.headers,
                        body: body))
            case .refused(let refusal):
                throw refusal
            }
        }
    }

    private mutating func parseRequestLine() throws(HTTPError) -> ArraySlice<UInt8>? {
        // 64 bytes are enough for the method, the version and the spaces.
        try lines.next(&input, limit: limits.targetBytes + 64, tooLong: .targetTooLong(limit: limits.targetBytes))
    }

    private mutating func parseFieldLine() throws(HTTPError) -> ArraySlice<UInt8>? {
        try lines.next(&input, limit: limits.headBytes - fieldBytes, tooLong: .headTooLarge(limit: limits.headBytes))
    }

    private mutating func add(_ line: ArraySlice<UInt8>) throws(HTTPError) {
        fields.append(try HTTPHeader(line: line))
        fieldBytes = min(limits.headBytes, fieldBytes + line.count + 2)
        guard fields.count <= limits.headerCount else { throw .tooManyFields(limit: limits.headerCount) }
    }

    /// - Returns: whether the body is complete.
    private mutating func parseBody(_ rest: Body, of head: RequestHead) throws(HTTPError) -> Bool {
        switch rest {
        case .length(let left):
            let piece = input.removeFirst(left)
            body.append(contentsOf: piece)
            place = .body(head, .length(left: left - piece.count))
            return piece.count == left
        case .chunked(var chunks):
            let isComplete = try chunks.read(&input, into: &body)
            place = .body(head, .chunked(chunks))
            return isComplete
        }
    }
}
