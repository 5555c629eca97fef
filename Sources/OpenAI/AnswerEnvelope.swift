public import JSON

/// The JSON around an answer: a response's body, or an event's data.
///
/// A member that this library doesn't know may be nested too deeply or otherwise unacceptable. It costs only itself.
public enum AnswerEnvelope {
    /// Maximum number of members to leave out: each one costs another pass over the text.
    private static let maxDropped = 8
    /// Members that the answer consists of, none of which may be missing.
    private static let known: Set<String> = [
        "choices", "delta", "message", "content", "tool_calls", "function_call", "function", "name", "arguments", "id",
        "index", "role", "refusal", "finish_reason", "error", "detail", "text", "type", "code",
    ]

    /// Parses an envelope.
    ///
    /// - Returns: the value, and the names of the members left out.
    /// - Throws: ``JSONParseError`` with the first error that isn't within an unknown member.
    public static func parse(_ bytes: [UInt8]) throws(JSONParseError) -> (value: JSON, dropped: [String]) {
        var bytes = bytes
        var dropped: [String] = []
        while true {
            let failure: JSONParseError
            do throws(JSONParseError) {
                return (try JSON.parseModelText(bytes), dropped)
            } catch {
                failure = error
            }
            guard dropped.count < maxDropped, !failure.isOverLimit, let fault = member(at: failure.offset, in: bytes)
            else { throw failure }
            dropped.append(fault.name)
            bytes.replaceSubrange(fault.range, with: fault.replacement)
        }
    }

    /// What is left out because of a fault.
    private struct Fault {
        let name: String
        let range: Range<Int>
        let replacement: [UInt8]
    }

    /// Finds the outermost unknown member that contains a position.
    private static func member(at offset: Int, in bytes: [UInt8]) -> Fault? {
        guard offset < bytes.count else { return nil }
        var scanner = JSONScanner()
        /// The names of the members whose values are open, and where those start.
        var open: [(name: String, start: Int)] = []
        var isObject: [Bool] = []
        /// The last string, and the name that a value follows.
        var text: Range<Int> = 0..<0
        var name: (name: String, end: Int)?
        var place = 0
        while place < offset {
            let wasInString = scanner.isInString
            switch scanner.advance(over: bytes[place]) {
            case .string:
                if !wasInString { text = place..<place + 1 } else { text = text.lowerBound..<place + 1 }
            case .open:
                open.append((name?.name ?? "", place))
                isObject.append(bytes[place] == UInt8(ascii: "{"))
                name = nil
            case .close:
                _ = open.popLast()
                _ = isObject.popLast()
                name = nil
            case .other:
                if bytes[place] == UInt8(ascii: ":"), isObject.last == true {
                    name = (String(decoding: bytes[text].dropFirst().dropLast(), as: UTF8.self), place + 1)
                } else if bytes[place] == UInt8(ascii: ",") {
                    name = nil
                }
            }
            place += 1
        }
        let first = open.firstIndex { !$0.name.isEmpty && !known.contains($0.name) }
        // The arguments of a call are whole or not.
        if open[..<(first ?? open.count)].contains(where: { $0.name == "arguments" }) { return nil }
        if let found = first.map({ open[$0] }) {
            guard let end = JSON.endOfValue(in: bytes, from: found.start) else { return nil }
            return Fault(name: found.name, range: found.start..<end, replacement: Array("null".utf8))
        }
        // The value itself is at fault, or a name that came before.
        if let name, !known.contains(name.name), let end = endOfValue(in: bytes, from: name.end) {
            return Fault(name: name.name, range: name.end..<end, replacement: Array("null".utf8))
        }
        return name == nil && isObject.last == true ? repeated(at: offset, in: bytes) : nil
    }

    /// Returns the member with an unknown name that starts at a position and isn't the object's first.
    private static func repeated(at offset: Int, in bytes: [UInt8]) -> Fault? {
        guard bytes[offset] == UInt8(ascii: "\""), let end = endOfString(in: bytes, from: offset),
            let comma = bytes[..<offset].lastIndex(where: { $0 > 0x20 }), bytes[comma] == UInt8(ascii: ","),
            let colon = bytes[end...].firstIndex(where: { $0 > 0x20 }), bytes[colon] == UInt8(ascii: ":"),
            let valueEnd = endOfValue(in: bytes, from: colon + 1)
        else { return nil }
        let name = String(decoding: bytes[(offset + 1)..<(end - 1)], as: UTF8.self)
        return known.contains(name) ? nil : Fault(name: name, range: comma..<valueEnd, replacement: [])
    }

    private static func endOfString(in bytes: [UInt8], from start: Int) -> Int? {
        var scanner = JSONScanner()
        var place = start
        while place < bytes.count {
            scanner.advance(over: bytes[place])
            place += 1
            if !scanner.isInString { return place }
        }
        return nil
    }

    /// Returns the end of any value of a member.
    private static func endOfValue(in bytes: [UInt8], from start: Int) -> Int? {
        guard let first = bytes[start...].firstIndex(where: { $0 > 0x20 }) else { return nil }
        switch bytes[first] {
        case UInt8(ascii: "{"), UInt8(ascii: "["): return JSON.endOfValue(in: bytes, from: first)
        case UInt8(ascii: "\""): return endOfString(in: bytes, from: first)
        default:
            return bytes[first...].firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") || $0 <= 0x20 }
        }
    }
}
