#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Cuts a stream of bytes into lines: pieces in, lines out, no reading of its own. Each byte is looked at once.
public struct LineSplitter: Sendable {
    /// A line, or the news that there was one too long.
    public enum Line: Sendable, Equatable {
        /// The line without its end (`\n` or `\r\n`). Never empty: blank lines are passed over.
        case complete([UInt8])
        /// A line of more bytes than the limit; its content is dropped.
        case tooLong(limit: Int)
    }

    private let limit: Int
    private var pending: [UInt8] = []
    /// Whether the line in progress was given up.
    private var isSkipping = false

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

    private mutating func keep(_ piece: UnsafeRawBufferPointer, _ body: (Line) -> Void) {
        guard !isSkipping else { return }
        guard pending.count + piece.count <= limit else {
            // Told at once: the end of such a line may be long in coming.
            isSkipping = true
            pending = []
            body(.tooLong(limit: limit))
            return
        }
        pending.append(contentsOf: piece)
    }

    private mutating func finish(_ body: (Line) -> Void) {
        defer {
            isSkipping = false
            pending = []
        }
        guard !isSkipping else { return }
        if pending.last == 0x0D { pending.removeLast() }
        if pending.contains(where: { $0 != 0x20 && $0 != 0x09 }) { body(.complete(pending)) }
    }
}
