import JSON
import JSONRPC

/// Finds JSON objects in a line with other text: a server's log on standard output without a newline before the
/// message, color codes, two messages on one line.
enum EmbeddedObjects {
    /// Maximum number of braces to try; each attempt may scan the whole line.
    private static let maxAttempts = 16
    /// Maximum line length in bytes; longer lines are ignored.
    private static let maxLineLength = 16 << 20

    /// Returns the parts of `line` that are objects, judged by their braces, in order and without overlap.
    static func parts(of line: [UInt8]) -> [ArraySlice<UInt8>] {
        guard line.count <= maxLineLength else { return [] }
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

    /// Returns the index after the object that starts at `start`; `nil` if it isn't closed or isn't an object.
    private static func end(of line: [UInt8], from start: Int) -> Int? {
        let first = line[(start + 1)...].first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
        return first == UInt8(ascii: "\"") ? JSON.endOfValue(in: line, from: start) : nil
    }
}

extension RequestID {
    /// The id as an integer, also if it was written as a string (`"2"`) or with a fraction (`2.0`); `nil` if it isn't
    /// one.
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
