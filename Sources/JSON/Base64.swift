/// Base64 encoding (RFC 4648, section 4).
public enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")

    /// Returns the bytes as base64, with padding.
    public static func encode(_ bytes: [UInt8]) -> String {
        let length = (bytes.count + 2) / 3 * 4
        // Artifacts can be tens of megabytes: avoid a bounds check per digit.
        return String(unsafeUninitializedCapacity: length) { text in
            bytes.withUnsafeBufferPointer { bytes in
                alphabet.withUnsafeBufferPointer { alphabet in
                    var place = 0
                    for start in stride(from: 0, to: bytes.count, by: 3) {
                        let count = min(3, bytes.count - start)
                        let second = count > 1 ? bytes[start + 1] : 0
                        let third = count > 2 ? bytes[start + 2] : 0
                        text[place] = alphabet[Int(bytes[start] >> 2)]
                        text[place + 1] = alphabet[Int(bytes[start] << 4 & 0x3F | second >> 4)]
                        text[place + 2] = count > 1 ? alphabet[Int(second << 2 & 0x3F | third >> 6)] : padding
                        text[place + 3] = count > 2 ? alphabet[Int(third & 0x3F)] : padding
                        place += 4
                    }
                }
            }
            return length
        }
    }

    /// Returns the number of bytes that a text without line breaks encodes.
    public static func size(of text: String) -> Int {
        let digits = text.utf8.count - text.utf8.suffix(2).count { $0 == padding }
        return digits * 3 / 4
    }

    /// Decodes base64. Ignores line breaks and blanks (RFC 2045); padding is optional.
    ///
    /// - Returns: `nil` if the text isn't valid base64.
    public static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count / 4 * 3)
        var word: UInt32 = 0
        var digits = 0
        var paddings = 0
        for byte in text.utf8 {
            let value = values[Int(byte)]
            if value < 64 {
                guard paddings == 0 else { return nil }
                word = word << 6 | UInt32(value)
                digits += 1
                if digits % 4 == 0 {
                    bytes.append(UInt8(truncatingIfNeeded: word >> 16))
                    bytes.append(UInt8(truncatingIfNeeded: word >> 8))
                    bytes.append(UInt8(truncatingIfNeeded: word))
                }
            } else if byte == padding {
                paddings += 1
            } else if byte != 0x20 && !(0x09...0x0D).contains(byte) {
                return nil
            }
        }
        // The remainder: two digits are one byte, three are two, a single one is invalid.
        let left = digits % 4
        guard left != 1, paddings == 0 || left + paddings == 4 else { return nil }
        if left == 2 { bytes.append(UInt8(truncatingIfNeeded: word >> 4)) }
        if left == 3 {
            bytes.append(UInt8(truncatingIfNeeded: word >> 10))
            bytes.append(UInt8(truncatingIfNeeded: word >> 2))
        }
        return bytes
    }

    /// The value of each digit; 64 for bytes that aren't digits.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 64, count: 256)
        for (value, digit) in alphabet.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()
}
