extension UInt8 {
    var isDigit: Bool { self &- 0x30 < 10 }
    var isUppercaseLetter: Bool { self &- 0x41 < 26 }
    var isLowercaseLetter: Bool { self &- 0x61 < 26 }
    var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
    var isHexDigit: Bool { isDigit || (self | 0x20) &- 0x61 < 6 }
    /// Whether it is a letter or digit of ASCII. No other bytes make words: text in other scripts often has no spaces.
    var isAlphanumeric: Bool { isDigit || isLetter }
    /// Whether it can be within a name or number that a value must not be cut out of.
    var isWordByte: Bool { isAlphanumeric || self == UInt8(ascii: "_") }
    var lowercased: UInt8 { isUppercaseLetter ? self | 0x20 : self }
    var uppercased: UInt8 { isLowercaseLetter ? self & 0xDF : self }
    /// Whether it continues a character of UTF-8.
    var isContinuation: Bool { self & 0xC0 == 0x80 }
    /// The value of a hexadecimal digit; `nil` if it is none.
    var hexValue: UInt8? { isDigit ? self &- 0x30 : isHexDigit ? (self | 0x20) &- 0x57 : nil }
    /// The value of a digit.
    var digitValue: Int { Int(self &- 0x30) }
}

extension String {
    /// Runs `body` with the UTF-8 bytes, without a copy if the text has them in one place.
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        var text = self
        return text.withUTF8(body)
    }
}
