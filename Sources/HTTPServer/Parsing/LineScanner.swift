/// Finds the lines of a head in what has come so far. Each byte is looked at once, however it came in pieces, and what is
/// wrong is told at its first byte: so the same stream gives the same outcome in whatever pieces.
struct LineScanner: Sendable {
    private var scanned = 0
    private var hasReturn = false

    /// Takes the next line.
    ///
    /// - Parameters:
    ///   - input: begins with the line; the line and its end are taken from it.
    ///   - limit: bytes of the line without its end.
    /// - Returns: the line without its end; `nil` where its end is still to come.
    mutating func next(
        _ input: inout InputBuffer, limit: Int, tooLong: HTTPError
    ) throws(HTTPError) -> ArraySlice<UInt8>? {
        while scanned < input.count {
            let byte = input[scanned]
            if hasReturn {
                guard byte == .lineFeed else {
                    throw HTTPError(400, "A carriage return in a head must be followed by a line feed.")
                }
                let line = input.take(scanned + 1).dropLast(2)
                self = LineScanner()
                return line
            }
            if byte == .carriageReturn {
                hasReturn = true
            } else if scanned >= limit {
                throw tooLong
            } else if byte == .lineFeed {
                throw HTTPError(400, "Lines of a head must end with a carriage return and a line feed.")
            } else if byte.isControl {
                throw HTTPError(400, "A head must not contain control characters.")
            }
            scanned += 1
        }
        return nil
    }
}

/// What has come of a connection and was not yet taken.
struct InputBuffer: Sendable {
    private var bytes: [UInt8] = []
    private var start = 0

    var count: Int { bytes.count - start }
    var isEmpty: Bool { count == 0 }

    subscript(_ place: Int) -> UInt8 { bytes[start + place] }

    mutating func append(_ piece: some Sequence<UInt8>) {
        // What was taken is dropped in large steps, so that each byte is moved at most a few times.
        if start > 0, start >= 64 * 1024 || start == bytes.count {
            bytes.removeFirst(start)
            start = 0
        }
        bytes.append(contentsOf: piece)
    }

    /// Takes the first `count` bytes, or as many as there are.
    mutating func take(_ count: Int) -> ArraySlice<UInt8> {
        let end = Swift.min(bytes.count, start + count)
        defer { start = end }
        return bytes[start..<end]
    }
}
