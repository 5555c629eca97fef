import SystemCalls

/// An incremental line splitter; does no I/O. Scans each byte once; bytes of overlong lines twice.
public struct LineSplitter: Sendable {
    /// A line, or a notice of an overlong one.
    public enum Line: Sendable, Equatable {
        /// A line without its terminator (`\n` or `\r\n`). Never empty: blank lines are ignored.
        case complete([UInt8])
        /// A line longer than the limit; its content is discarded. Carries the id of its message if it can be found.
        case tooLong(limit: Int, id: RequestID? = nil)
        /// The text after the last line terminator at the end of the stream: an unterminated line, or part of one.
        case unfinished([UInt8])
    }

    private let limit: Int
    private var pending: [UInt8] = []
    /// Whether the current line is overlong and is being discarded.
    private var isSkipping = false
    /// Scans an overlong line for its id; `nil` once the line has been reported.
    private var scanner: MessageScanner?

    /// How many bytes of an unfinished line it holds.
    public var pendingCount: Int { pending.count }

    /// A splitter that discards lines longer than `limit` bytes.
    public init(limit: Int) {
        self.limit = limit
    }

    /// Calls `body` with each line that `bytes` completes or makes overlong.
    public mutating func feed(_ bytes: UnsafeRawBufferPointer, _ body: (Line) -> Void) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let slice = UnsafeRawBufferPointer(rebasing: rest)
            guard let base = slice.baseAddress, let found = memchr(base, 0x0A, slice.count) else {
                keep(slice, body)
                return
            }
            let length = UnsafeRawPointer(found) - base
            keep(UnsafeRawBufferPointer(rebasing: slice[..<length]), body)
            finish(body)
            rest = rest[(rest.startIndex + length + 1)...]
        }
    }

    /// Calls `body` with the rest at the end of the stream, unless it is blank.
    public mutating func end(_ body: (Line) -> Void) {
        finish { line in
            if case .complete(let bytes) = line { body(.unfinished(bytes)) } else { body(line) }
        }
    }

    private mutating func keep(_ piece: UnsafeRawBufferPointer, _ body: (Line) -> Void) {
        if isSkipping { return lookForID(piece, body) }
        guard pending.count + piece.count <= limit else {
            isSkipping = true
            let start = pending
            pending = []
            scanner = MessageScanner(endsWithFirst: true)
            start.withUnsafeBytes { lookForID($0, body) }
            return lookForID(piece, body)
        }
        pending.append(contentsOf: piece)
    }

    /// Reports an overlong line as soon as its id is known or known to be missing: its end may take a long time to
    /// arrive.
    private mutating func lookForID(_ piece: UnsafeRawBufferPointer, _ body: (Line) -> Void) {
        scanner?.feed(piece)
        if scanner?.isFinished == true { reportLineTooLong(body) }
    }

    private mutating func reportLineTooLong(_ body: (Line) -> Void) {
        guard let scanner else { return }
        self.scanner = nil
        body(.tooLong(limit: limit, id: scanner.id))
    }

    private mutating func finish(_ body: (Line) -> Void) {
        defer {
            isSkipping = false
            pending = []
        }
        guard !isSkipping else { return reportLineTooLong(body) }
        if pending.last == 0x0D { pending.removeLast() }
        if pending.contains(where: { $0 != 0x20 && $0 != 0x09 }) { body(.complete(pending)) }
    }
}
