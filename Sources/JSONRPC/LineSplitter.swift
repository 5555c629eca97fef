import SystemCalls

/// Cuts a stream of bytes into lines: pieces in, lines out, no reading of its own. Each byte is looked at once, those of a
/// line that is too long twice.
public struct LineSplitter: Sendable {
    /// A line, or the news that there was one too long.
    public enum Line: Sendable, Equatable {
        /// The line without its end (`\n` or `\r\n`). Never empty: blank lines are passed over.
        case complete([UInt8])
        /// A line of more bytes than the limit; its content is dropped. With the id of the message that it is, where that
        /// can be found.
        case tooLong(limit: Int, id: RequestID? = nil)
        /// What stands behind the last line end when the stream is over: a line whose end was left out, or half a one.
        case unfinished([UInt8])
    }

    private let limit: Int
    private var pending: [UInt8] = []
    /// Whether the line in progress was given up.
    private var isSkipping = false
    /// What looks for the id in a line that was given up, until that was told.
    private var scanner: MessageScanner?

    /// A splitter that gives up lines longer than `limit` bytes.
    public init(limit: Int) {
        self.limit = limit
    }

    /// Calls `body` with each line that `bytes` completes, or shows to be too long.
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

    /// Calls `body` with what is left when the stream is over, unless it is blank.
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

    /// Tells of a line too long as soon as its id is known, or that it has none: its end may be long in coming.
    private mutating func lookForID(_ piece: UnsafeRawBufferPointer, _ body: (Line) -> Void) {
        scanner?.feed(piece)
        if scanner?.isFinished == true { tellOfLineTooLong(body) }
    }

    private mutating func tellOfLineTooLong(_ body: (Line) -> Void) {
        guard let scanner else { return }
        self.scanner = nil
        body(.tooLong(limit: limit, id: scanner.id))
    }

    private mutating func finish(_ body: (Line) -> Void) {
        defer {
            isSkipping = false
            pending = []
        }
        guard !isSkipping else { return tellOfLineTooLong(body) }
        if pending.last == 0x0D { pending.removeLast() }
        if pending.contains(where: { $0 != 0x20 && $0 != 0x09 }) { body(.complete(pending)) }
    }
}
