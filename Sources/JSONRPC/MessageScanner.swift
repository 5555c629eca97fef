import JSON

/// Looks for the `id` of a message in bytes that may be anything, so that the answer can bear it where the line as a whole
/// cannot be read: pieces in, an id out. Only a member of the outermost object counts. Each byte is looked at once, and
/// what is kept is bounded.
public struct MessageScanner: Sendable {
    /// The longest id that is found, in bytes as it stands in the line.
    static let longestID = 64 * 1024
    /// The longest name that can be `"id"`, escapes and quotation marks included.
    private static let longestName = 14

    private enum Place {
        /// Before the object.
        case outside
        /// A name of the object, or its end, may come.
        case name
        /// Between a name and its value; whether the name is `id`.
        case colon(isID: Bool)
        case value(isID: Bool)
        /// In a value, or behind it.
        case rest
        /// In a number that is an id.
        case number
        case end
    }

    /// What a string that is being passed is for.
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

    /// - Parameter endsWithFirst: whether the first id counts whatever comes behind it. Otherwise it takes the whole
    ///   message to know that there is no other one.
    init(endsWithFirst: Bool) {
        self.endsWithFirst = endsWithFirst
    }

    /// Whether nothing that comes can change what was found.
    var isFinished: Bool {
        if case .end = place { true } else { false }
    }

    /// The id; `nil` where there is none or more than one, or one that no message may have.
    var id: RequestID? {
        guard found.count == 1, let text = found[0] else { return nil }
        return RequestID(text: text)
    }

    /// The id of the message that `line` is, or begins as.
    static func id(in line: some Collection<UInt8>) -> RequestID? {
        var scanner = MessageScanner(endsWithFirst: false)
        let isScanned: Void? = line.withContiguousStorageIfAvailable { scanner.feed(UnsafeRawBufferPointer($0)) }
        if isScanned == nil { Array(line).withUnsafeBytes { scanner.feed($0) } }
        return scanner.id
    }

    /// Takes the next bytes.
    mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        while offset < bytes.count, !isFinished {
            if let use = string {
                pass(bytes, &offset, use)
            } else if case .number = place, Self.isOfNumber(bytes[offset]) {
                keep(bytes[offset], atMost: Self.longestID)
                offset += 1
            } else if depth > 1 {
                skipNested(bytes, &offset)
            } else {
                take(bytes[offset])
                offset += 1
            }
        }
    }

    /// Passes what is left of a string, up to its end or the end of the piece.
    private mutating func pass(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int, _ use: StringUse) {
        let limit = use == .name ? Self.longestName : Self.longestID
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

    /// Passes what is in arrays and objects within the message, up to the next string.
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
        // One more than the limit tells that it was too long.
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
        found.append(kept.count <= Self.longestID ? kept : nil)
        place = endsWithFirst || found.count > 1 ? .end : .rest
    }

    private mutating func begin(_ use: StringUse) {
        string = use
        kept = use == .other ? [] : [UInt8(ascii: "\"")]
    }

    private mutating func take(_ byte: UInt8) {
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
            // An id of another kind is none, and another one behind it is not it.
            if isID { found.append(nil) }
            place = .rest
            takeStructure(byte)
        default: takeStructure(byte)
        }
    }

    private mutating func takeStructure(_ byte: UInt8) {
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
    /// Reads an id as it stands in a message; `nil` for what is none, a number with a fraction among them.
    init?(text: [UInt8]) {
        guard let value = try? JSON.parse(text, .lenient) else { return nil }
        switch value {
        case .integer(let number): self = .integer(number)
        case .string(let string) where (try? JSON.parse(text)) != nil: self = .string(string)
        // Half a surrogate pair, or a number that no `Int` holds, would come back as another one.
        case .string: self = .verbatim(String(decoding: text, as: UTF8.self))
        case .double(let number) where number.rounded() == number:
            self = .verbatim(String(decoding: text, as: UTF8.self))
        default: return nil
        }
    }
}

/// The elements of an array that stands in a line, found without reading them.
enum ArrayElements {
    /// Where they are, at most `limit`; of a line that is broken, those up to the fault.
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
