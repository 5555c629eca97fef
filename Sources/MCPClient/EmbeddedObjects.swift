import JSONRPC

/// Looks for JSON objects in a line that has other text as well: a server's log on standard output without a line end
/// before the message, signs that colour it, two messages in one line.
enum EmbeddedObjects {
    /// Braces that begin no object are tried so often; each costs a look at the whole line.
    private static let mostAttempts = 16
    /// Longer lines are not looked at.
    private static let longestLine = 16 << 20

    /// The parts of `line` that are objects by their braces, in order; none lies in another.
    static func parts(of line: [UInt8]) -> [ArraySlice<UInt8>] {
        guard line.count <= longestLine else { return [] }
        var parts: [ArraySlice<UInt8>] = []
        var attempts = 0
        var place = line.startIndex
        while attempts < mostAttempts, let start = line[place...].firstIndex(of: UInt8(ascii: "{")) {
            if let end = end(of: line[start...]) {
                parts.append(line[start..<end])
                place = end
            } else {
                place = start + 1
            }
            attempts += 1
        }
        return parts
    }

    /// The place behind the object that `text` begins with; `nil` where it has no end, or begins with another thing.
    private static func end(of text: ArraySlice<UInt8>) -> Int? {
        guard text.dropFirst().first(where: { $0 != 0x20 && $0 != 0x09 }) == UInt8(ascii: "\"") else { return nil }
        var depth = 0
        var isInString = false
        var isEscaped = false
        for place in text.indices {
            let byte = text[place]
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"):
                depth -= 1
                if depth == 0 { return place + 1 }
            default: break
            }
        }
        return nil
    }
}

extension RequestID {
    /// The number that an id means, also where it came as a text (`"2"`) or with a point (`2.0`); `nil` for none.
    var number: Int? {
        switch self {
        case .integer(let number): return number
        case .string(let text), .verbatim(let text):
            guard text.utf8.count <= 32, text.utf8.allSatisfy({ $0 &- 0x30 < 10 || "+-.eE".utf8.contains($0) }) else {
                return nil
            }
            return Double(text).flatMap(Int.init(exactly:))
        }
    }
}
