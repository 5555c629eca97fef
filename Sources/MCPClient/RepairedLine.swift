import JSON
import JSONRPC

/// Repairs a line that isn't valid JSON but has an obvious meaning.
enum RepairedLine {
    /// A member of a result's `_meta` that says that numbers in it were replaced with null.
    static let lostNumbers = "exec-mcp/lostNumbers"
    private static let noNumbers: Set<String> = ["nan", "infinity", "inf"]

    /// Returns the line with common mistakes repaired: U+FFFD for invalid UTF-8, escapes for control characters in
    /// strings, null for numbers that JSON doesn't have.
    ///
    /// - Returns: `nil` if there is nothing to repair.
    static func repaired(_ line: [UInt8]) -> [UInt8]? {
        let text = JSON.repairingStrings(in: line)
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var scanner = JSONScanner()
        var place = 0
        while place < text.count {
            let byte = text[place]
            if !scanner.isInString, isOfWord(byte) {
                let word = text[place...].prefix(while: isOfWord)
                result += isNumberless(word) ? Array("null".utf8)[...] : word
                place = word.endIndex
                continue
            }
            scanner.advance(over: byte)
            result.append(byte)
            place += 1
        }
        return result == line ? nil : result
    }

    /// Returns the result of a response whose `result` isn't an object: it is treated as the content of a tool's
    /// result.
    ///
    /// - Returns: `nil` if it isn't such a response.
    static func bareResult(of line: [UInt8], valueLimit: Int) -> JSONObject? {
        guard let answer = try? JSON.parse(line, .exact, valueLimit: valueLimit).objectValue,
            answer.given("error") == nil, let result = answer.given("result")
        else { return nil }
        switch result {
        case .object: return nil
        // PHP writes an empty object this way.
        case .array([]): return JSONObject()
        case .array(let elements) where elements.allSatisfy(isLikeBlock): return ["content": result]
        case .string: return ["content": result]
        default: return ["content": .string(result.text)]
        }
    }

    private static func isLikeBlock(_ value: JSON) -> Bool {
        value.stringValue != nil || value["type"]?.stringValue != nil || value["text"]?.stringValue != nil
    }

    private static func isOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func isNumberless(_ word: ArraySlice<UInt8>) -> Bool {
        let text = String(decoding: word, as: UTF8.self)
        if noNumbers.contains(text.drop { "+-".contains($0) }.lowercased()) { return true }
        // Out of range for a Double.
        return text.utf8.contains { 0x30...0x39 ~= $0 } && Double(text)?.isInfinite == true
    }
}

extension IncomingMessage {
    /// Returns the message, and if it is a result, with a note that numbers in it were replaced: code that computes
    /// with it must not mistake them for values that the server left out.
    var notingLostNumbers: IncomingMessage {
        guard case .response(let id, .success(var result)?) = self else { return self }
        var meta = result["_meta"]?.objectValue ?? JSONObject()
        meta[RepairedLine.lostNumbers] = true
        result["_meta"] = .object(meta)
        return .response(id, .success(result))
    }

    /// Whether it is a valid message, or a batch that contains one.
    var isReadable: Bool {
        switch self {
        case .invalid: false
        case .batch(let messages): messages.contains { $0.isReadable }
        default: true
        }
    }
}
