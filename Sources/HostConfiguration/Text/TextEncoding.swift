/// The encoding of a file that people edit: UTF-8, or what some editors and shells on Windows save as "Unicode".
public enum TextEncoding: Sendable, Equatable {
    case utf8
    /// UTF-16 with a byte order mark, low bytes first.
    case utf16LittleEndian
    /// UTF-16 with a byte order mark, high bytes first.
    case utf16BigEndian

    /// The encoding of a text, by its byte order mark.
    public init(of bytes: [UInt8]) {
        switch bytes.prefix(2) {
        case [0xFF, 0xFE]: self = .utf16LittleEndian
        case [0xFE, 0xFF]: self = .utf16BigEndian
        default: self = .utf8
        }
    }

    /// Returns a text as UTF-8. A byte order mark of UTF-8 stays, one of UTF-16 doesn't. A text that isn't valid UTF-16 is
    /// returned as it is, and so isn't valid UTF-8.
    public static func utf8(_ bytes: [UInt8]) -> [UInt8] {
        let encoding = TextEncoding(of: bytes)
        guard encoding != .utf8, bytes.count.isMultiple(of: 2) else { return bytes }
        let high = encoding == .utf16BigEndian ? 0 : 1
        let units = stride(from: 2, to: bytes.count, by: 2).map { place in
            UInt16(bytes[place + high]) << 8 | UInt16(bytes[place + 1 - high])
        }
        guard let text = String(validating: units, as: UTF16.self) else { return bytes }
        return Array(text.utf8)
    }

    /// Returns a text in this encoding, with its byte order mark.
    ///
    /// - Parameter text: UTF-8.
    func encoded(_ text: [UInt8]) -> [UInt8] {
        guard self != .utf8 else { return text }
        let units = [0xFEFF] + Array(String(decoding: text, as: UTF8.self).utf16)
        return units.flatMap { unit in
            let bytes = [UInt8(unit >> 8), UInt8(unit & 0xFF)]
            return self == .utf16BigEndian ? bytes : bytes.reversed()
        }
    }
}
