extension JSONParser {
    /// Parses the string that starts at the quotation mark under the cursor.
    mutating func parseString() throws(JSONParseError) -> String {
        offset += 1
        let start = offset
        skipPlainBytes()
        guard offset < bytes.count else { throw failure("unterminated string") }
        if bytes[offset] == UInt8(ascii: "\"") {
            let text = try validated(bytes[start..<offset], at: start)
            offset += 1
            return text
        }
        return try parseEscapedString(from: start)
    }

    /// The slow path: the text from `start` to the cursor is plain; an escape (or a fault) is at the cursor.
    private mutating func parseEscapedString(from start: Int) throws(JSONParseError) -> String {
        var unescaped = Array(bytes[start..<offset])
        while true {
            guard offset < bytes.count else { throw failure("unterminated string") }
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                offset += 1
                return try validated(unescaped, at: start)
            case UInt8(ascii: "\\"):
                offset += 1
                try appendEscape(to: &unescaped)
            case 0..<0x20:
                throw failure("control character in a string")
            default:
                let plain = offset
                skipPlainBytes()
                unescaped.append(contentsOf: bytes[plain..<offset])
            }
        }
    }

    private mutating func skipPlainBytes() {
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { return }
            offset += 1
        }
    }

    private func validated(_ utf8: some Collection<UInt8>, at start: Int) throws(JSONParseError) -> String {
        guard let text = String(validating: utf8, as: UTF8.self) else {
            throw JSONParseError(reason: "invalid UTF-8 in a string", offset: start)
        }
        return text
    }

    private mutating func appendEscape(to unescaped: inout [UInt8]) throws(JSONParseError) {
        guard offset < bytes.count else { throw failure("unterminated string") }
        let escape = bytes[offset]
        offset += 1
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(escape)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"): Self.append(try parseUnicodeEscape(), to: &unescaped)
        default: throw failure("unknown escape")
        }
    }

    /// Parses what follows `\u`: one code unit, or a surrogate pair. If lenient, an unpaired surrogate becomes U+FFFD.
    private mutating func parseUnicodeEscape() throws(JSONParseError) -> Unicode.Scalar {
        let first = try parseHexUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        let end = offset
        if UTF16.isLeadSurrogate(first), offset + 1 < bytes.count,
            bytes[offset] == UInt8(ascii: "\\"), bytes[offset + 1] == UInt8(ascii: "u")
        {
            offset += 2
            let second = try parseHexUnit()
            if UTF16.isTrailSurrogate(second) {
                let value = 0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)
                if let scalar = Unicode.Scalar(value) { return scalar }
            }
        }
        guard isLenient else { throw failure("lone surrogate") }
        // The next escape isn't part of it.
        offset = end
        return "\u{FFFD}"
    }

    private static func append(_ scalar: Unicode.Scalar, to utf8: inout [UInt8]) {
        if scalar.isASCII {
            utf8.append(UInt8(truncatingIfNeeded: scalar.value))
        } else if let encoded = UTF8.encode(scalar) {
            utf8.append(contentsOf: encoded)
        }
    }

    private mutating func parseHexUnit() throws(JSONParseError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard offset < bytes.count else { throw failure("unterminated string") }
            guard let digit = Self.hexValue(bytes[offset]) else { throw failure("expected a hexadecimal digit") }
            unit = unit << 4 | digit
            offset += 1
        }
        return unit
    }

    private static func hexValue(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
