import JSON

/// Tells the names of fields from data that stands where names do: identifiers, dates, addresses, tokens.
enum FieldName {
    private static let maxLength = 40
    /// More digits, or more changes from small letters to capitals, than names have.
    private static let (maxDigits, maxHumps) = (3, 5)
    /// Names of hexadecimal digits alone are not longer.
    private static let maxHexLength = 7

    /// Whether a key of an object is the name of a field.
    ///
    /// - Parameter value: the key's value. If it mentions the key, as in `{"A1": {"id": "A1"}}`, the key is data.
    static func isName(_ key: String, of value: JSON) -> Bool {
        guard isName(key) else { return false }
        guard let members = value.objectValue else { return value.stringValue != key }
        return !members.prefix(ResultShape.maxFields).contains { $0.value.stringValue == key }
    }

    private static func isName(_ key: String) -> Bool {
        guard !key.isEmpty, key.utf8.count <= maxLength else { return false }
        var (digits, humps, isAfterSmallLetter, isHex) = (0, 0, false, true)
        for (place, byte) in key.utf8.enumerated() {
            var isSmallLetter = false
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"):
                isSmallLetter = true
                isHex = isHex && byte <= UInt8(ascii: "f")
            case UInt8(ascii: "A")...UInt8(ascii: "Z"):
                if isAfterSmallLetter { humps += 1 }
                isHex = isHex && byte <= UInt8(ascii: "F")
            case UInt8(ascii: "_"), UInt8(ascii: "$"): isHex = false
            case UInt8(ascii: "-") where place > 0: break
            case UInt8(ascii: "0")...UInt8(ascii: "9") where place > 0: digits += 1
            default: return false
            }
            isAfterSmallLetter = isSmallLetter
        }
        let isToken = isHex && digits > 0 && key.utf8.count > maxHexLength
        return digits <= maxDigits && humps <= maxHumps && !isToken
    }
}
