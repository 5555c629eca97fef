/// Bytes as base64 text (RFC 4648, section 4).
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")

    static func encode(_ bytes: [UInt8]) -> String {
        let length = (bytes.count + 2) / 3 * 4
        // Artifacts have tens of megabytes: no check of bounds for each digit.
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
}
