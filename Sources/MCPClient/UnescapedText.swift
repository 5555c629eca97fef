/// A text with one encoding undone, and where each of its bytes stood in the original text.
struct UnescapedText: Sendable {
    /// The decoded bytes. What isn't encoded is as it was.
    private(set) var bytes: [UInt8] = []
    /// The start and the end in the original text, of each byte.
    private var starts: [Int] = []
    private var ends: [Int] = []
    /// Whether anything was decoded.
    private(set) var isChanged = false

    /// A text as it is.
    init(_ text: [UInt8]) {
        bytes = text
        starts = Array(0..<text.count)
        ends = Array(1..<text.count + 1)
    }

    private init() {}

    /// Returns where a range of the decoded bytes stood in the original text.
    ///
    /// - Parameter range: not empty.
    func source(of range: Range<Int>) -> Range<Int> { starts[range.lowerBound]..<ends[range.upperBound - 1] }

    /// An escape: how many bytes it takes, and what it stands for.
    private typealias Escape = (length: Int, bytes: [UInt8])

    /// Replaces each escape; `read` returns the one at a place, if there is one.
    private func decoded(_ read: (_ place: Int) -> Escape?) -> UnescapedText {
        var result = UnescapedText()
        result.bytes.reserveCapacity(bytes.count)
        result.starts.reserveCapacity(bytes.count)
        result.ends.reserveCapacity(bytes.count)
        var place = 0
        while place < bytes.count {
            if let escape = read(place) {
                for byte in escape.bytes { result.append(byte, starts[place]..<ends[place + escape.length - 1]) }
                result.isChanged = true
                place += escape.length
            } else {
                result.append(bytes[place], starts[place]..<ends[place])
                place += 1
            }
        }
        return result
    }

    private mutating func append(_ byte: UInt8, _ source: Range<Int>) {
        bytes.append(byte)
        starts.append(source.lowerBound)
        ends.append(source.upperBound)
    }

    /// The text with percent-encoding undone.
    ///
    /// - Parameter plusIsSpace: whether a plus sign stands for a space, as in forms.
    func withoutPercents(plusIsSpace: Bool) -> UnescapedText {
        decoded { place in
            if plusIsSpace, bytes[place] == UInt8(ascii: "+") { return (1, [0x20]) }
            guard bytes[place] == UInt8(ascii: "%"), let value = number(at: place + 1, digits: 2) else { return nil }
            return (3, [UInt8(truncatingIfNeeded: value)])
        }
    }

    /// The text with the escapes of JSON strings undone, and those of other languages' strings.
    func withoutBackslashes() -> UnescapedText {
        decoded { place in
            guard bytes[place] == UInt8(ascii: "\\"), place + 1 < bytes.count else { return nil }
            switch bytes[place + 1] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "'"):
                return (2, [bytes[place + 1]])
            case UInt8(ascii: "n"): return (2, [0x0A])
            case UInt8(ascii: "r"): return (2, [0x0D])
            case UInt8(ascii: "t"): return (2, [0x09])
            case UInt8(ascii: "b"): return (2, [0x08])
            case UInt8(ascii: "f"): return (2, [0x0C])
            case UInt8(ascii: "x"):
                return number(at: place + 2, digits: 2).map { (4, [UInt8(truncatingIfNeeded: $0)]) }
            case UInt8(ascii: "u"): return character(at: place)
            default: return nil
            }
        }
    }

    /// The text in the standard alphabet of Base64, without line breaks.
    func inStandardAlphabet() -> UnescapedText {
        decoded { place in
            switch bytes[place] {
            case UInt8(ascii: "-"): (1, [UInt8(ascii: "+")])
            case UInt8(ascii: "_"): (1, [UInt8(ascii: "/")])
            case 0x0A, 0x0D: (1, [])
            default: nil
            }
        }
    }

    /// Reads `\uXXXX`, or two of them that are one character.
    private func character(at place: Int) -> Escape? {
        guard let first = number(at: place + 2, digits: 4) else { return nil }
        if let scalar = Unicode.Scalar(first) { return (6, Array(String(Character(scalar)).utf8)) }
        guard first < 0xDC00, place + 7 < bytes.count, bytes[place + 6] == UInt8(ascii: "\\"),
            bytes[place + 7] == UInt8(ascii: "u"), let second = number(at: place + 8, digits: 4),
            0xDC00...0xDFFF ~= second,
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { return nil }
        return (12, Array(String(Character(scalar)).utf8))
    }

    private func number(at place: Int, digits: Int) -> UInt32? {
        guard place + digits <= bytes.count else { return nil }
        var value: UInt32 = 0
        for byte in bytes[place..<place + digits] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - 0x30)
            case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"):
                value = value << 4 | UInt32((byte | 0x20) - 0x57)
            default: return nil
            }
        }
        return value
    }
}
