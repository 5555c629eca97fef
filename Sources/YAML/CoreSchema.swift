import JSON

/// Resolves the types of plain scalars by the core schema of YAML 1.2 (section 10.3.2).
enum CoreSchema {
    /// Returns the value of a plain scalar. An integer that doesn't fit in 64 bits becomes a double.
    static func resolve(_ text: String) -> JSON {
        switch text {
        case "", "~", "null", "Null", "NULL": .null
        case "true", "True", "TRUE": .bool(true)
        case "false", "False", "FALSE": .bool(false)
        default: number(text) ?? .string(text)
        }
    }

    private static func number(_ text: String) -> JSON? {
        // Nearly all scalars are words: the first byte distinguishes them from numbers.
        guard let first = text.utf8.first, isDigit(first) || "+-.".utf8.contains(first) else { return nil }
        if text.hasPrefix("0o") { return integer(text.dropFirst(2), radix: 8) }
        if text.hasPrefix("0x") { return integer(text.dropFirst(2), radix: 16) }
        let unsigned = first == UInt8(ascii: "-") || first == UInt8(ascii: "+") ? text.dropFirst() : text[...]
        switch unsigned {
        case ".inf", ".Inf", ".INF": return .double(first == UInt8(ascii: "-") ? -.infinity : .infinity)
        case ".nan", ".NaN", ".NAN": return unsigned.startIndex == text.startIndex ? .double(.nan) : nil
        default: return decimal(text, unsigned: unsigned)
        }
    }

    /// Parses digits without a sign.
    private static func integer(_ digits: Substring, radix: Int) -> JSON? {
        guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }) else {
            return nil
        }
        if let value = Int(digits, radix: radix) { return .integer(value) }
        var value = 0.0
        for digit in digits {
            guard let digit = digit.hexDigitValue, digit < radix else { return nil }
            value = value * Double(radix) + Double(digit)
        }
        return .double(value)
    }

    /// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
    private static func decimal(_ text: String, unsigned: Substring) -> JSON? {
        var rest = unsigned.utf8
        func skipDigits() -> Bool {
            let digits = rest.prefix(while: isDigit)
            rest = rest.dropFirst(digits.count)
            return !digits.isEmpty
        }

        let hasWhole = skipDigits()
        let hasPoint = rest.first == UInt8(ascii: ".")
        if hasPoint { rest = rest.dropFirst() }
        let hasFraction = hasPoint && skipDigits()
        guard hasWhole || hasFraction else { return nil }
        if rest.isEmpty, !hasPoint, let value = Int(text) { return .integer(value) }
        if let exponent = rest.first, exponent == UInt8(ascii: "e") || exponent == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest = rest.dropFirst() }
            guard skipDigits() else { return nil }
        }
        return rest.isEmpty ? Double(text).map(JSON.double) : nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }
}
