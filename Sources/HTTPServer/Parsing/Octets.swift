/// Character classes of RFC 9110 and RFC 3986.
extension UInt8 {
    static let space = UInt8(ascii: " ")
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D

    var isDigit: Bool { self &- 0x30 < 10 }
    var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
    var isBlank: Bool { self == .space || self == .tab }

    /// Whether this is a control character other than the tab; none is valid in a head.
    var isControl: Bool { (self < 0x20 && self != .tab) || self == 0x7F }

    /// RFC 9110, section 5.6.2: `tchar`.
    var isTokenByte: Bool { isLetter || isDigit || Self.tokenSigns.contains(self) }

    /// RFC 3986, section 3.3: `pchar` without escapes.
    var isPathByte: Bool { isLetter || isDigit || Self.pathSigns.contains(self) }

    var hexValue: Int? {
        if isDigit { return Int(self - 0x30) }
        let letter = (self | 0x20) &- 0x61
        return letter < 6 ? Int(letter) + 10 : nil
    }

    private static let tokenSigns = Array("!#$%&'*+-.^_`|~".utf8)
    private static let pathSigns = Array("-._~!$&'()*+,;=:@".utf8)
}

extension Collection<UInt8> {
    /// Whether this is a token of RFC 9110, such as a method or a field name.
    var isToken: Bool { !isEmpty && allSatisfy(\.isTokenByte) }
}

extension ArraySlice<UInt8> {
    /// The bytes without leading and trailing whitespace.
    var trimmed: ArraySlice<UInt8> {
        var slice = self
        while let first = slice.first, first.isBlank { slice.removeFirst() }
        while let last = slice.last, last.isBlank { slice.removeLast() }
        return slice
    }

    var text: String { String(decoding: self, as: UTF8.self) }
}
