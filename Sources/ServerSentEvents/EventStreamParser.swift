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
    public struct EventTooLongError: Error, Sendable, Equatable {
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

    /// The id of the last event that has one; `nil` if none. A new connection can continue the stream after it.
    public private(set) var lastEventID: String?
    /// Milliseconds after which to reconnect, as the stream says; `nil` if it doesn't.
    public private(set) var retryMilliseconds: Int?

    /// Creates a parser that rejects events of more than `limit` bytes.
    public init(limit: Int) {
        self.limit = limit
    }

    /// Parses `bytes` and calls `body` with each event that they complete.
    ///
    /// - Throws: ``EventTooLongError``, after which the parser must not be used, or any error that `body` throws.
    public mutating func feed(_ bytes: some Sequence<UInt8>, _ body: (Event) throws -> Void) throws {
        try Array(bytes).withUnsafeBytes { try feed($0, body) }
    }

    /// Parses as ``feed(_:_:)`` does.
    public mutating func feed(_ bytes: UnsafeRawBufferPointer, _ body: (Event) throws -> Void) throws {
        var rest = bytes[...]
        while let first = rest.first {
            let followsReturn = endsInReturn
            endsInReturn = false
            if followsReturn, first == 0x0A {
                rest = rest.dropFirst()
                continue
            }
            guard let end = rest.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) else { return try keep(rest) }
            try keep(rest[..<end])
            try finishLine(body)
            endsInReturn = rest[end] == 0x0D
            rest = rest[(end + 1)...]
        }
    }

    /// Calls `body` with the incomplete event at the end of the stream, if it has data: not every server terminates its
    /// last event with a blank line.
    public mutating func finish(_ body: (Event) throws -> Void) throws {
        if !line.isEmpty { try finishLine(body) }
        try dispatch(body)
    }

    private mutating func keep(_ piece: Slice<UnsafeRawBufferPointer>) throws {
        guard let first = line.first ?? piece.first else { return }
        // Comments are keep-alives, which may continue indefinitely, so they don't count toward the limit.
        if first == UInt8(ascii: ":"), !isFirstLine {
            line = [first]
            return
        }
        guard line.count + data.count + piece.count <= limit else { throw EventTooLongError(limit: limit) }
        line.append(contentsOf: piece)
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
        case "id" where !value.contains(0): lastEventID = String(decoding: value, as: UTF8.self)
        case "retry" where !value.isEmpty && value.allSatisfy { 0x30...0x39 ~= $0 }:
            retryMilliseconds = Int(String(decoding: value, as: UTF8.self)) ?? retryMilliseconds
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
