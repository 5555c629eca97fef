/// Single- and double-quoted scalars.
extension YAMLParser {
    /// Parses the quoted scalar at the cursor and moves the cursor past its closing quotation mark.
    mutating func parseQuoted() throws(YAMLError) -> String {
        let isDouble = peek() == Ascii.doubleQuote
        let opening = line
        var text: [UInt8] = []
        /// The end of the last escape's output in `text`: white space from escapes is kept at the end of a line.
        var escapedEnd = 0
        column += 1
        while true {
            switch peek() {
            case nil:
                text.removeBlankSuffix(from: escapedEnd)
                text.appendFold(blankLines: try moveToNextText(opening: opening))
            case Ascii.doubleQuote where isDouble:
                column += 1
                return String(decoding: text, as: UTF8.self)
            case Ascii.backslash where isDouble && peek(1) == nil:
                let blankLines = try moveToNextText(opening: opening)
                text.append(contentsOf: repeatElement(Ascii.lineFeed, count: blankLines))
            case Ascii.backslash where isDouble:
                text.append(contentsOf: try parseEscape().utf8)
                escapedEnd = text.count
            case Ascii.singleQuote where !isDouble && peek(1) == Ascii.singleQuote:
                text.append(Ascii.singleQuote)
                column += 2
            case Ascii.singleQuote where !isDouble:
                column += 1
                return String(decoding: text, as: UTF8.self)
            case let byte?:
                text.append(byte)
                column += 1
            }
        }
    }

    /// Moves to the first text on the lines below.
    ///
    /// - Returns: the number of blank lines skipped.
    private mutating func moveToNextText(opening: Int) throws(YAMLError) -> Int {
        let (blanks, next) = skippingBlankLines(from: line + 1)
        guard next != nil else { throw failure("the quotation mark is never closed", line: opening) }
        moveDown(blanks + 1)
        return blanks
    }

    /// Moves past the closing quotation mark of the quoted scalar at the cursor, if it is on the same line.
    mutating func skipQuotedOnLine() -> Bool {
        let mark = peek()
        column += 1
        while let byte = peek() {
            if byte == mark {
                guard byte == Ascii.singleQuote, peek(1) == mark else { break }
                column += 1
            } else if byte == Ascii.backslash, mark == Ascii.doubleQuote {
                column += 1
            }
            column += 1
        }
        guard peek() == mark else { return false }
        column += 1
        return true
    }

    // MARK: Escapes

    /// Parses the escape whose backslash is under the cursor.
    private mutating func parseEscape() throws(YAMLError) -> String {
        column += 1
        let escape = peek() ?? 0
        column += 1
        switch escape {
        case UInt8(ascii: "0"): return "\0"
        case UInt8(ascii: "a"): return "\u{07}"
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "t"), Ascii.tab: return "\t"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "v"): return "\u{0B}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "e"): return "\u{1B}"
        case UInt8(ascii: "N"): return "\u{85}"
        case UInt8(ascii: "_"): return "\u{A0}"
        case UInt8(ascii: "L"): return "\u{2028}"
        case UInt8(ascii: "P"): return "\u{2029}"
        case Ascii.space, Ascii.doubleQuote, Ascii.backslash, UInt8(ascii: "/"):
            return String(decoding: [escape], as: UTF8.self)
        case UInt8(ascii: "x"): return try parseCodePoint(digits: 2)
        case UInt8(ascii: "u"): return try parseCodePoint(digits: 4)
        case UInt8(ascii: "U"): return try parseCodePoint(digits: 8)
        default: throw failure(#"unknown escape in double quotes; write '\\' for a backslash"#)
        }
    }

    /// Parses the hexadecimal digits of an escape, and those of a second one if the first is half a surrogate pair.
    private mutating func parseCodePoint(digits: Int) throws(YAMLError) -> String {
        var value = try parseHexadecimal(digits)
        if digits == 4, 0xD800..<0xDC00 ~= value, peek() == Ascii.backslash, peek(1) == UInt8(ascii: "u") {
            column += 2
            let trail = try parseHexadecimal(4)
            guard 0xDC00..<0xE000 ~= trail else { throw failure("invalid character in an escape") }
            value = 0x10000 + (value - 0xD800) << 10 + (trail - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(value) else { throw failure("invalid character in an escape") }
        return String(scalar)
    }

    private mutating func parseHexadecimal(_ digits: Int) throws(YAMLError) -> UInt32 {
        let text = bytes(column..<(column + digits))
        let isHexadecimal = text.count == digits && text.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
        guard isHexadecimal, let value = UInt32(String(decoding: text, as: UTF8.self), radix: 16) else {
            throw failure("expected \(digits) hexadecimal digits in an escape")
        }
        column += digits
        return value
    }
}

extension [UInt8] {
    /// Removes trailing spaces and tabs, but none before the index `start`.
    fileprivate mutating func removeBlankSuffix(from start: Int) {
        while count > start, let last, Ascii.isBlank(last) { removeLast() }
    }
}
