/// Incremental parser for server-sent events (WHATWG HTML, section 9.2); does no I/O.
public struct EventStreamParser: Sendable {
    /// A server-sent event.
    public struct Event: Sendable, Equatable {
        /// The event type; empty for the default one.
        public var type: String
        /// The data, lines joined with line feeds. Not necessarily valid UTF-8.
        public var data: [UInt8]

        /// Creates an event.
        public init(type: String = "", data: [UInt8]) {
            self.type = type
            self.data = data
        }
    }

    /// An event exceeds the size limit.
    public struct EventTooLong: Error, Sendable, Equatable {
        /// The limit, in bytes.
        public let limit: Int
    }

    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private let limit: Int
    private var line: [UInt8] = []
    private var type = ""
    private var data: [UInt8] = []
    private var hasData = false
    /// Whether the last byte was a carriage return, so a line feed directly after it belongs to it.
    private var endsInReturn = false
    private var isFirstLine = true

    /// Creates a parser that rejects events of more than `limit` bytes.
    public init(limit: Int) {
        self.limit = limit
    }

    /// Parses `bytes` and calls `body` with each event that they complete.
    ///
    /// - Throws: ``EventTooLong``, after which the parser must not be used, or any error that `body` throws.
    public mutating func feed(_ bytes: some Sequence<UInt8>, _ body: (Event) throws -> Void) throws {
        for byte in bytes {
            let followsReturn = endsInReturn
            endsInReturn = byte == 0x0D
            switch byte {
            case 0x0A where followsReturn: break
            case 0x0A, 0x0D: try finishLine(body)
            // Comments are keep-alives, which may continue indefinitely, so they don't count toward the limit.
            case _ where line.first == UInt8(ascii: ":") && !isFirstLine: break
            default:
                guard line.count + data.count < limit else { throw EventTooLong(limit: limit) }
                line.append(byte)
            }
        }
    }

    /// Calls `body` with the incomplete event at the end of the stream, if it has data: not every server terminates its
    /// last event with a blank line.
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
        // Comments, ids and retry times are irrelevant, because an answer cannot be resumed.
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
