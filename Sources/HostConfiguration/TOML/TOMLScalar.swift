import JSON

/// A TOML scalar: a string in one of its four forms, a number, a boolean or a date.
enum TOMLScalar {
    /// - Returns: `nil` for a string with an invalid escape, or for bytes that aren't valid UTF-8.
    static func read(_ text: ArraySlice<UInt8>) -> JSON? {
        for quotes in ["\"\"\"", "'''"] where text.starts(with: quotes.utf8) && text.count >= 6 {
            var content = text.dropFirst(3).dropLast(3)
            // A line break right after the opening quotes isn't part of the string.
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

    /// Returns the bytes that an escape sequence of a backslash and `sign` stands for; `nil` for an invalid one.
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
            // The form with two digits is from TOML 1.1.
            let length = sign == UInt8(ascii: "x") ? 2 : sign == UInt8(ascii: "u") ? 4 : 8
            let digits = String(decoding: rest.prefix(length), as: UTF8.self)
            guard digits.utf8.count == length, let code = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(code)
            else { return nil }
            rest = rest.dropFirst(length)
            return Array(String(scalar).utf8)
        case 0x20, 0x09, 0x0A, 0x0D:
            // A backslash at the end of a line joins it with the next text that isn't white space.
            rest = rest.drop { TextLayout.isWhiteSpace($0) }
            return []
        default: return nil
        }
    }
}
