/// Finds the lines of a head incrementally. Scans each byte once and reports an error at the first invalid byte, so
/// the same stream gives the same result however it is split.
struct LineScanner: Sendable {
    private var scanned = 0
    private var hasReturn = false

    /// Consumes and returns the next line.
    ///
    /// - Parameters:
    ///   - input: starts with the line; the line and its terminator are removed from it.
    ///   - limit: maximum bytes of the line without its terminator.
    /// - Returns: the line without its terminator; `nil` if the terminator has not arrived yet.
    mutating func next(
        _ input: inout InputBuffer, limit: Int, tooLong: HTTPError
    ) throws(HTTPError) -> ArraySlice<UInt8>? {
        while scanned < input.count {
            let byte = input[scanned]
            if hasReturn {
                guard byte == .lineFeed else {
                    throw HTTPError(400, "A carriage return in a head must be followed by a line feed.")
                }
                let line = input.removeFirst(scanned + 1).dropLast(2)
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

/// Received bytes of a connection that are not consumed yet.
struct InputBuffer: Sendable {
    private var bytes: [UInt8] = []
    private var start = 0

    var count: Int { bytes.count - start }
    var isEmpty: Bool { count == 0 }

    subscript(_ place: Int) -> UInt8 { bytes[start + place] }

    mutating func append(_ piece: some Sequence<UInt8>) {
        // Consumed bytes are dropped in large steps, so that each byte is moved at most a few times.
        if start > 0, start >= 64 * 1024 || start == bytes.count {
            bytes.removeFirst(start)
            start = 0
        }
        bytes.append(contentsOf: piece)
    }

    /// Removes and returns the first `count` bytes, or all if there are fewer.
    mutating func removeFirst(_ count: Int) -> ArraySlice<UInt8> {
        let end = Swift.min(bytes.count, start + count)
        defer { start = end }
        return bytes[start..<end]
    }
}
