import JSON

/// Handles halves of characters: some servers split a text between the two `\u` escapes of a surrogate pair, such as an
/// emoji's, and send each half in a separate chunk. A string cannot contain a lone surrogate, so a placeholder
/// character represents it until the other half arrives.
enum CharacterHalves {
    /// The placeholders: 1024 for high surrogates, then 1024 for low ones, in a private-use plane.
    private static let firstSign: UInt32 = 0x10_F000
    private static let secondSign: UInt32 = 0x10_F400
    private static let lastSign: UInt32 = 0x10_F7FF
    /// The bytes that the UTF-8 encoding of every placeholder starts with.
    private static let beginning: [UInt8] = [0xF4, 0x8F]

    /// Replaces lone surrogates at the ends of JSON strings with placeholders.
    static func signed(_ text: [UInt8]) -> [UInt8] {
        guard let first = text.firstIndex(of: 0x5C) else { return text }
        var result = Array(text[..<first])
        var place = first
        while place < text.count {
            let byte = text[place]
            guard byte == 0x5C, place + 1 < text.count else {
                result.append(byte)
                place += 1
                continue
            }
            guard let unit = unit(text, at: place) else {
                result += text[place...place + 1]
                place += 2
                continue
            }
            let end = place + 6
            let isFirst = 0xD800...0xDBFF ~= unit && end < text.count && text[end] == 0x22
            let isSecond = 0xDC00...0xDFFF ~= unit && place > 0 && text[place - 1] == 0x22
            let isPair = 0xD800...0xDBFF ~= unit && Self.unit(text, at: end).map { 0xDC00...0xDFFF ~= $0 } == true
            if isFirst || isSecond {
                // The placeholder, written as its two escapes.
                result += "\\udbf\(isFirst ? "c" : "d")\\ud\(String(0xC00 + unit & 0x3FF, radix: 16))".utf8
                place = end
            } else {
                let next = isPair ? end + 6 : end
                result += text[place..<next]
                place = next
            }
        }
        return result
    }

    private static func unit(_ text: [UInt8], at place: Int) -> UInt32? {
        guard place + 6 <= text.count, text[place] == 0x5C, text[place + 1] == 0x75 else { return nil }
        return UInt32(String(decoding: text[place + 2..<place + 6], as: UTF8.self), radix: 16)
    }

    /// Replaces adjacent placeholders with the character they form, and any other placeholder with U+FFFD.
    static func joined(_ text: String) -> String {
        guard text.utf8.firstRange(of: beginning) != nil else { return text }
        var result = String.UnicodeScalarView()
        var first: UInt32?
        for scalar in text.unicodeScalars {
            let isSecond = secondSign...lastSign ~= scalar.value
            if let half = first {
                first = nil
                let whole = 0x10000 + (half << 10) + (scalar.value &- secondSign)
                if isSecond, let character = Unicode.Scalar(whole) {
                    result.append(character)
                    continue
                }
                result.append("\u{FFFD}")
            }
            if firstSign..<secondSign ~= scalar.value {
                first = scalar.value - firstSign
            } else {
                result.append(isSecond ? "\u{FFFD}" : scalar)
            }
        }
        if first != nil { result.append("\u{FFFD}") }
        return String(result)
    }

    /// Whether a text ends in a high surrogate, whose other half may follow.
    static func endsInHalf(_ text: String) -> Bool {
        text.unicodeScalars.last.map { firstSign..<secondSign ~= $0.value } ?? false
    }

    /// Returns the members with all texts passed through ``joined(_:)``.
    static func joined(_ members: JSONObject) -> JSONObject {
        var result = JSONObject()
        for member in members { result[joined(member.key)] = joined(member.value) }
        return result
    }

    private static func joined(_ value: JSON) -> JSON {
        switch value {
        case .string(let text): .string(joined(text))
        case .array(let elements): .array(elements.map(joined))
        case .object(let object): .object(joined(object))
        default: value
        }
    }
}
