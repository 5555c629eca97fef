import JSON
import JSONRPC

/// Collects a message that a server writes over several lines, as JSON printers for people do.
struct SpreadMessage: Sendable {
    /// What becomes of a line.
    enum Outcome: Sendable {
        /// It is a line of its own.
        case own
        /// It is one as well, and these lines before it were something else than the beginning of a message.
        case ownBehind([UInt8])
        /// It is kept: part of a message that isn't complete yet.
        case kept
        /// It completes this message.
        case complete([UInt8])
        /// The message is longer than the limit in bytes, and was given up.
        case tooLong(Int)
    }

    private let limit: Int
    private var text: [UInt8] = []
    private var scanner = JSONScanner()

    /// - Parameter limit: the maximum length of a message in bytes.
    init(limit: Int) {
        self.limit = limit
    }

    /// Adds a line.
    mutating func add(_ line: [UInt8]) -> Outcome {
        if text.isEmpty {
            // A line that breaks off elsewhere is broken.
            guard let last = line.last(where: { $0 > 0x20 }), "{[,".utf8.contains(last), Self.begins(line) else {
                return .own
            }
        } else if Self.isMessage(line) {
            defer { drop() }
            return .ownBehind(text)
        }
        for byte in line { scanner.advance(over: byte) }
        if text.isEmpty, !(1...JSON.maxDepth ~= scanner.depth) || scanner.isInString {
            scanner = JSONScanner()
            return .own
        }
        text += line
        text.append(0x20)
        guard text.count <= limit else {
            drop()
            return .tooLong(limit)
        }
        guard scanner.depth <= 0 else {
            scanner.advance(over: 0x20)
            return .kept
        }
        defer { drop() }
        return .complete(text)
    }

    private mutating func drop() {
        text = []
        scanner = JSONScanner()
    }

    /// Whether a line may begin a message: it starts with an object, and its first member if any.
    private static func begins(_ line: [UInt8]) -> Bool {
        let words = Array(line.lazy.filter { $0 > 0x20 }.prefix(3))[...]
        guard let first = words.first else { return false }
        let rest = first == UInt8(ascii: "[") ? words.dropFirst() : words
        guard rest.first == UInt8(ascii: "{") else { return first == UInt8(ascii: "[") && rest.isEmpty }
        return rest.dropFirst().first.map { $0 == UInt8(ascii: "\"") } ?? true
    }

    /// Whether a line is a complete message.
    private static func isMessage(_ line: [UInt8]) -> Bool {
        guard line.first(where: { $0 > 0x20 }) == UInt8(ascii: "{"),
            line.firstRange(of: Array("\"jsonrpc\"".utf8)) != nil
        else { return false }
        return (try? JSON.parse(line, .lenient))?["jsonrpc"] != nil
    }
}

/// Splits a server's output into messages: each is on a line of its own, or is spread over several.
struct MessageSplitter: Sendable {
    private var lines: LineSplitter
    private var spread: SpreadMessage
    /// Whether any text was begun on one line and ended on another.
    private(set) var hasSpreadMessages = false

    /// - Parameter limit: the maximum length of a message in bytes.
    init(limit: Int) {
        lines = LineSplitter(limit: limit)
        spread = SpreadMessage(limit: limit)
    }

    /// Calls `body` with each message that `bytes` completes or makes overlong.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, _ body: (LineSplitter.Line) -> Void) {
        var spread = spread
        var isSpread = false
        lines.feed(bytes) { line in
            guard case .complete(let bytes) = line else { return body(line) }
            switch spread.add(bytes) {
            case .own: body(line)
            case .ownBehind(let rest):
                body(.complete(rest))
                body(line)
            case .kept: break
            case .complete(let message):
                isSpread = true
                body(.complete(message))
            case .tooLong(let limit): body(.tooLong(limit: limit))
            }
        }
        self.spread = spread
        hasSpreadMessages = hasSpreadMessages || isSpread
    }

    /// Calls `body` with the rest at the end of the stream, unless it is blank.
    mutating func end(_ body: (LineSplitter.Line) -> Void) {
        lines.end(body)
    }
}
