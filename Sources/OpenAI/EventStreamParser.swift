/// Reads a stream of server-sent events (WHATWG HTML, section 9.2): pieces of bytes in, events out, no reading of its own.
public struct EventStreamParser: Sendable {
    /// An event.
    public struct Event: Sendable, Equatable {
        /// Its type; empty for the ordinary one.
        public var type: String
        /// Its data, lines joined with line feeds. It need not be UTF-8.
        public var data: [UInt8]

        /// An event.
        public init(type: String = "", data: [UInt8]) {
            self.type = type
            self.data = data
        }
    }

    /// An event is larger than the limit.
    public struct EventTooLong: Error, Sendable, Equatable {
        /// Bytes.
        public let limit: Int
    }

    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private let limit: Int
    private var line: [UInt8] = []
    private var type = ""
    private var data: [UInt8] = []
    private var hasData = false
    /// Whether the last byte was a carriage return, to which a line feed belongs.
    private var endsInReturn = false
    private var isFirstLine = true

    /// A parser that gives up at events of more than `limit` bytes.
    public init(limit: Int) {
        self.limit = limit
    }

    /// Calls `body` with each event that `bytes` completes.
    ///
    /// - Throws: ``EventTooLong``, after which the parser is of no use, or what `body` throws.
    public mutating func feed(_ bytes: some Sequence<UInt8>, _ body: (Event) throws -> Void) throws {
        for byte in bytes {
            let followsReturn = endsInReturn
            endsInReturn = byte == 0x0D
            switch byte {
            case 0x0A where followsReturn: break
            case 0x0A, 0x0D: try finishLine(body)
            // Comments are signs of life, which may go on for ever.
            case _ where line.first == UInt8(ascii: ":") && !isFirstLine: break
            default:
                guard line.count + data.count < limit else { throw EventTooLong(limit: limit) }
                line.append(byte)
            }
        }
    }

    /// Calls `body` with the event that the end of the stream cut, where it has data: not every server ends its last one
    /// with a blank line.
    public mutating func finish(_ body: (Event) throws -> Void) throws {
        if !line.isEmpty { try finishLine(body) }
        try dispatch(body)
    }

    private mutating func finishLine(_ body: (Event) throws -> Void) throws {
        if isFirstLine, line.starts(with: Self.mark) { line.removeFirst(Self.mark.count) }
        isFirstLine = false
        defer { line.removeAll(keepingCapacity: true) }
        guard !line.isEmpty else { return try dispatch(body) }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[colon...].dropFirst()
        if value.first == 0x20 { value = value.dropFirst() }
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "data":
            if hasData { data.append(0x0A) }
            hasData = true
            data.append(contentsOf: value)
        case "event": type = String(decoding: value, as: UTF8.self)
        // Comments, ids and times to reconnect mean nothing to an answer that cannot be taken up again.
        default: break
        }
    }

    private mutating func dispatch(_ body: (Event) throws -> Void) throws {
        defer {
            type = ""
            data = []
            hasData = false
        }
        if hasData { try body(Event(type: type, data: data)) }
    }
}
