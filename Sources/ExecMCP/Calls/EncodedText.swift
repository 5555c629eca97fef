/// The text of a file, in an encoding in which it is written back byte for byte.
struct EncodedText {
    private enum Encoding {
        case utf8
        /// A byte order mark is part of the text.
        case utf16(isBigEndian: Bool)
        /// One byte each: Latin-1, and close enough to others of its kind for everything but a few letters.
        case singleBytes
    }

    /// Shorter data may look like UTF-16 without being it, and is too short to hold a value.
    private static let minUnmarked = 8

    let text: String
    private let encoding: Encoding

    /// Decodes a file; `nil` if it isn't text, or its encoding isn't certain.
    init?(_ bytes: [UInt8]) {
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]), bytes.count.isMultiple(of: 2) {
            let isBigEndian = bytes[0] == 0xFE
            guard let text = String(validating: Self.units(bytes, isBigEndian: isBigEndian), as: UTF16.self) else {
                return nil
            }
            self.text = text
            encoding = .utf16(isBigEndian: isBigEndian)
        } else if bytes.contains(0) {
            guard let (text, isBigEndian) = Self.unmarkedUTF16(bytes) else { return nil }
            self.text = text
            encoding = .utf16(isBigEndian: isBigEndian)
        } else if let text = String(validating: bytes, as: UTF8.self) {
            self.text = text
            encoding = .utf8
        } else if bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || (0x09...0x0D).contains($0) }) {
            text = String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
            encoding = .singleBytes
        } else {
            return nil
        }
    }

    private static func units(
        _ bytes: [UInt8], isBigEndian: Bool
    ) -> LazyMapSequence<StrideTo<Int>, UInt16> {
        stride(from: 0, to: bytes.count - 1, by: 2).lazy.map { place in
            let (first, second) = (UInt16(bytes[place]), UInt16(bytes[place + 1]))
            return isBigEndian ? first << 8 | second : second << 8 | first
        }
    }

    /// Returns UTF-16 without a byte order mark, as `iconv -t UTF-16LE` writes it; `nil` if it can't be told from other
    /// data: at least half of a text must be ASCII, and it may contain no control characters except white space.
    private static func unmarkedUTF16(_ bytes: [UInt8]) -> (text: String, isBigEndian: Bool)? {
        guard bytes.count.isMultiple(of: 2), bytes.count >= minUnmarked else { return nil }
        for isBigEndian in [false, true] {
            // Lazy: in most other data the first few units are enough.
            let units = units(bytes, isBigEndian: isBigEndian)
            let isText = units.allSatisfy { $0 >= 0x20 && !(0x7F...0x9F).contains($0) || (0x09...0x0D).contains($0) }
            guard isText, units.count(where: { $0 < 0x80 }) * 4 >= bytes.count,
                let text = String(validating: units, as: UTF16.self)
            else { continue }
            return (text, isBigEndian)
        }
        return nil
    }

    /// Returns the bytes of a text in the same encoding, in which it must be possible.
    func bytes(of text: String) -> [UInt8] {
        switch encoding {
        case .utf8: Array(text.utf8)
        case .utf16(let isBigEndian):
            text.utf16.flatMap { unit -> [UInt8] in
                let (high, low) = (UInt8(unit >> 8), UInt8(unit & 0xFF))
                return isBigEndian ? [high, low] : [low, high]
            }
        case .singleBytes: text.unicodeScalars.map { UInt8($0.value & 0xFF) }
        }
    }
}
