import JSON
import JSONRPC

/// Looks for JSON objects in a line that has other text as well: a server's log on standard output without a line end
/// before the message, signs that colour it, two messages in one line.
enum EmbeddedObjects {
    /// Braces that begin no object are tried so often; each costs a look at the whole line.
    private static let maxAttempts = 16
    /// Longer lines are not looked at.
    private static let longestLine = 16 << 20

    /// The parts of `line` that are objects by their braces, in order; none lies in another.
    static func parts(of line: [UInt8]) -> [ArraySlice<UInt8>] {
        guard line.count <= longestLine else { return [] }
        var parts: [ArraySlice<UInt8>] = []
        var attempts = 0
        var place = line.startIndex
        while attempts < maxAttempts, let start = line[place...].firstIndex(of: UInt8(ascii: "{")) {
            if let end = end(of: line, from: start) {
                parts.append(line[start..<end])
                place = end
            } else {
                place = start + 1
            }
            attempts += 1
        }
        return parts
    }

    /// The index after the object that starts at `start`; `nil` if it has no end, or something else starts there.
    private static func end(of line: [UInt8], from start: Int) -> Int? {
        let first = line[(start + 1)...].first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
        return first == UInt8(ascii: "\"") ? JSON.endOfValue(in: line, from: start) : nil
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
