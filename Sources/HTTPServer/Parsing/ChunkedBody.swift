/// Incremental parser for a chunked body (RFC 9112, section 7.1). Validates and discards extensions and trailers.
struct ChunkedBody: Sendable {
    private enum Place: Sendable {
        case size
        case data(left: Int)
        case dataEnd
        case trailers
        case end
    }

    private static let maxLineLength = 1024
    /// More digits than any accepted size needs; leading zeros count.
    private static let maxDigits = 16

    private let limits: HTTPLimits
    private var place = Place.size
    private var lines = LineScanner()
    private var extensionBytes = 0
    private var trailerBytes = 0
    private var trailerCount = 0

    init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// Consumes the available input and appends the decoded bytes to `body`.
    ///
    /// - Returns: whether the body is complete.
    mutating func read(_ input: inout InputBuffer, into body: inout [UInt8]) throws(HTTPError) -> Bool {
        while true {
            switch place {
            case .size:
                guard let line = try lines.next(&input, limit: Self.maxLineLength, tooLong: .badChunk) else {
                    return false
                }
                let size = try size(line, room: limits.bodyBytes - body.count)
                place = size == 0 ? .trailers : .data(left: size)
            case .data(let left):
                let piece = input.removeFirst(left)
                body.append(contentsOf: piece)
                guard piece.count == left else {
                    place = .data(left: left - piece.count)
                    return false
                }
                place = .dataEnd
            case .dataEnd:
                guard let line = try lines.next(&input, limit: 0, tooLong: .badChunk) else { return false }
                guard line.isEmpty else { throw .badChunk }
                place = .size
            case .trailers:
                guard try parseTrailer(&input) else { return false }
            case .end:
                return true
            }
        }
    }

    private mutating func size(_ line: ArraySlice<UInt8>, room: Int) throws(HTTPError) -> Int {
        let digits = line.prefix { $0.hexValue != nil }
        let rest = line[digits.endIndex...]
        guard (1...Self.maxDigits).contains(digits.count), rest.first ?? UInt8(ascii: ";") == UInt8(ascii: ";") else {
            throw .badChunk
        }
        extensionBytes += rest.count
        guard extensionBytes <= limits.chunkExtensionBytes else {
            throw HTTPError(400, "The chunk extensions are too large.")
        }
        guard let size = Int(digits.text, radix: 16), size <= room else { throw .bodyTooLarge(limit: limits.bodyBytes) }
        return size
    }

    /// - Returns: whether a complete line was available.
    private mutating func parseTrailer(_ input: inout InputBuffer) throws(HTTPError) -> Bool {
        let tooLarge = HTTPError.headTooLarge(limit: limits.headBytes)
        guard let line = try lines.next(&input, limit: limits.headBytes - trailerBytes, tooLong: tooLarge) else {
            return false
        }
        guard !line.isEmpty else {
            place = .end
            return true
        }
        _ = try HTTPHeader(line: line)
        trailerBytes = min(limits.headBytes, trailerBytes + line.count + 2)
        trailerCount += 1
        guard trailerCount <= limits.headerCount else { throw .tooManyFields(limit: limits.headerCount) }
        return true
    }
}

extension HTTPError {
    fileprivate static let badChunk = HTTPError(
        400, "A chunk must be its size in hexadecimal digits, a line end, that number of bytes and a line end.")
}
