import JSON

/// A value of TOML that has no parts: a string in one of its four forms, a number, a truth value, a date.
enum TOMLScalar {
    /// - Returns: `nil` for a string with an escape that there is not, or bytes that are no UTF-8.
    static func read(_ text: ArraySlice<UInt8>) -> JSON? {
        for quotes in ["\"\"\"", "'''"] where text.starts(with: quotes.utf8) && text.count >= 6 {
            var content = text.dropFirst(3).dropLast(3)
            // The break behind the opening quotes is none of the text.
            if content.starts(with: "\r\n".utf8) {
                content = content.dropFirst(2)
            } else if content.first == UInt8(ascii: "\n") {
                content = content.dropFirst()
            }
            return string(content, hasEscapes: quotes == "\"\"\"")
        }
        switch text.first {
        case UInt8(ascii: "\""): return string(text.dropFirst().dropLast(), hasEscapes: true)
        case UInt8(ascii: "'"): return string(text.dropFirst().dropLast(), hasEscapes: false)
        default: return word(String(decoding: text, as: UTF8.self))
        }
    }

    private static func word(_ word: String) -> JSON {
        if word == "true" || word == "false" { return .bool(word == "true") }
        let digits = word.replacing("_", with: "")
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
            if let number = Int(digits.dropFirst(2), radix: radix) { return .integer(number) }
        }
        if let number = Int(digits) { return .integer(number) }
        let isNumber = digits.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
        if isNumber, let number = Double(digits), number.isFinite { return .double(number) }
        return .string(word)
    }

    private static func string(_ bytes: ArraySlice<UInt8>, hasEscapes: Bool) -> JSON? {
        guard hasEscapes, bytes.contains(UInt8(ascii: "\\")) else {
            return String(validating: bytes, as: UTF8.self).map(JSON.string)
        }
        var text: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                continue
            }
            guard let sign = rest.popFirst(), let meant = escaped(sign, &rest) else { return nil }
            text += meant
        }
        return String(validating: text, as: UTF8.self).map(JSON.string)
    }

    /// What stands for a backslash and `sign`.
    private static func escaped(_ sign: UInt8, _ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        switch sign {
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "e"): return [0x1B]
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): return [sign]
        case UInt8(ascii: "x"), UInt8(ascii: "u"), UInt8(ascii: "U"):
            // The one with two digits is TOML 1.1's.
            let length = sign == UInt8(ascii: "x") ? 2 : sign == UInt8(ascii: "u") ? 4 : 8
            let digits = String(decoding: rest.prefix(length), as: UTF8.self)
            guard digits.utf8.count == length, let code = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(code)
            else { return nil }
            rest = rest.dropFirst(length)
            return Array(String(scalar).utf8)
        case 0x20, 0x09, 0x0A, 0x0D:
            // At the end of a line: the text goes on with the next that is not blank.
            rest = rest.drop { TextLayout.isWhiteSpace($0) }
            return []
        default: return nil
        }
    }
}
