import JSON

/// An incremental scanner that finds the `id` of a message in arbitrary bytes, so that the response can carry it even
/// if the line is unreadable. Only a member of the outermost object counts. Scans each byte once; memory is bounded.
public struct MessageScanner: Sendable {
    /// The maximum length of an id in bytes, as written in the line.
    static let maxIDLength = 64 * 1024
    /// The longest spelling of `"id"`, with escapes and quotation marks.
    private static let maxNameLength = 14

    private enum Place {
        /// Before the object.
        case outside
        /// Before a member name or the end of the object.
        case name
        /// Between a name and its value; whether the name is `id`.
        case colon(isID: Bool)
        case value(isID: Bool)
        /// Within a value, or after it.
        case rest
        /// Within a number that is an id.
        case number
        case end
    }

    /// The role of the string being scanned.
    private enum StringUse {
        case name, id, other
    }

    private var place = Place.outside
    private var depth = 0
    private var string: StringUse?
    private var isEscaped = false
    private var kept: [UInt8] = []
    private var found: [[UInt8]?] = []
    private let endsWithFirst: Bool

    /// - Parameter endsWithFirst: whether to accept the first id regardless of what follows. Otherwise the whole
    ///   message is scanned, to exclude a second one.
    init(endsWithFirst: Bool) {
        self.endsWithFirst = endsWithFirst
    }

    /// Whether further input can't change the result.
    var isFinished: Bool {
        if case .end = place { true } else { false }
    }

    /// The id; `nil` if none, more than one, or an invalid one.
    var id: RequestID? {
        guard found.count == 1, let text = found[0] else { return nil }
        return RequestID(text: text)
    }

    /// Returns the id of the message in `line`, which may be incomplete.
    public static func id(in line: some Collection<UInt8>) -> RequestID? {
        var scanner = MessageScanner(endsWithFirst: false)
        let isScanned: Void? = line.withContiguousStorageIfAvailable { scanner.feed(UnsafeRawBufferPointer($0)) }
        if isScanned == nil { Array(line).withUnsafeBytes { scanner.feed($0) } }
        return scanner.id
    }

    /// Consumes the next bytes.
    mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        while offset < bytes.count, !isFinished {
            if let use = string {
                pass(bytes, &offset, use)
            } else if case .number = place, Self.isOfNumber(bytes[offset]) {
                keep(bytes[offset], atMost: Self.maxIDLength)
                offset += 1
            } else if depth > 1 {
                skipNested(bytes, &offset)
            } else {
                scan(bytes[offset])
                offset += 1
            }
        }
    }

    /// Skips the rest of a string, up to its end or the end of the input.
    private mutating func pass(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int, _ use: StringUse) {
        let limit = use == .name ? Self.maxNameLength : Self.maxIDLength
        while offset < bytes.count {
            if use == .other, !isEscaped { Self.skipPlain(bytes, &offset) }
            guard offset < bytes.count else { return }
            let byte = bytes[offset]
            offset += 1
            if use != .other { keep(byte, atMost: limit) }
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                return finish(use, limit)
            }
        }
    }

    /// Skips nested arrays and objects, up to the next string.
    private mutating func skipNested(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) {
        while offset < bytes.count, depth > 1 {
            let byte = bytes[offset]
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return begin(.other)
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
        }
    }

    private static func skipPlain(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) {
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\""), bytes[offset] != UInt8(ascii: "\\") {
            offset += 1
        }
    }

    private mutating func keep(_ byte: UInt8, atMost limit: Int) {
        // One byte over the limit marks the text as too long.
        if kept.count <= limit { kept.append(byte) }
    }

    private mutating func finish(_ use: StringUse, _ limit: Int) {
        string = nil
        switch use {
        case .name: place = .colon(isID: kept.count <= limit && (try? JSON.parse(kept)) == "id")
        case .id: finishID()
        case .other: break
        }
    }

    private mutating func finishID() {
        found.append(kept.count <= Self.maxIDLength ? kept : nil)
        place = endsWithFirst || found.count > 1 ? .end : .rest
    }

    private mutating func begin(_ use: StringUse) {
        string = use
        kept = use == .other ? [] : [UInt8(ascii: "\"")]
    }

    private mutating func scan(_ byte: UInt8) {
        if case .number = place { finishID() }
        switch (place, byte) {
        case (.end, _), (_, UInt8(ascii: " ")), (_, UInt8(ascii: "\t")), (_, UInt8(ascii: "\r")), (_, 0x0A): break
        case (.outside, UInt8(ascii: "{")):
            depth = 1
            place = .name
        case (.outside, 0xEF), (.outside, 0xBB), (.outside, 0xBF): break  // a byte order mark
        case (.outside, _): place = .end
        case (.name, UInt8(ascii: "\"")): begin(.name)
        case (.colon(let isID), UInt8(ascii: ":")): place = .value(isID: isID)
        case (.value(true), UInt8(ascii: "\"")): begin(.id)
        case (.value(true), UInt8(ascii: "-")), (.value(true), UInt8(ascii: "0")...UInt8(ascii: "9")):
            kept = [byte]
            place = .number
        case (.value(let isID), _):
            // An id of another type is invalid, and a later one doesn't replace it.
            if isID { found.append(nil) }
            place = .rest
            scanStructure(byte)
        default: scanStructure(byte)
        }
    }

    private mutating func scanStructure(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): begin(.other)
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            depth -= 1
            if depth == 0 { place = .end }
        case UInt8(ascii: ",") where depth == 1: place = .name
        default: break
        }
    }

    private static func isOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }
}

extension RequestID {
    /// Parses an id as written in a message; `nil` if it is invalid, such as a number with a fraction.
    init?(text: [UInt8]) {
        guard let value = try? JSON.parse(text, .lenient) else { return nil }
        switch value {
        case .integer(let number): self = .integer(number)
        case .string(let string) where (try? JSON.parse(text)) != nil: self = .string(string)
        // An unpaired surrogate, or a number out of range for `Int`, would be sent back as a different id.
        case .string: self = .verbatim(String(decoding: text, as: UTF8.self))
        case .double(let number) where number.rounded() == number:
            self = .verbatim(String(decoding: text, as: UTF8.self))
        default: return nil
        }
    }
}

/// Finds the elements of an array in a line without parsing them.
enum ArrayElements {
    /// Returns their ranges, at most `limit`; for a broken line, those up to the fault.
    static func ranges(in line: [UInt8], atMost limit: Int) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = 0
        var scanner = JSONScanner()
        for (offset, byte) in line.enumerated() {
            switch scanner.advance(over: byte) {
            case .open where scanner.depth == 1: start = offset + 1
            case .close where scanner.depth == 0: return ranges + [start..<offset]
            case .other where byte == UInt8(ascii: ",") && scanner.depth == 1:
                ranges.append(start..<offset)
                start = offset + 1
                if ranges.count == limit { return ranges }
            default: break
            }
        }
        return start < line.count ? ranges + [start..<line.count] : ranges
    }
}
