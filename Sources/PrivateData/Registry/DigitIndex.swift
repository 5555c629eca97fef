/// Numbers by their digits alone, so that they are found however they are grouped.
struct DigitIndex: Sendable {
    private static let (minDigits, maxDigits) = (7, 19)

    /// Digits as a number, with how many they are: zeros at the start count.
    private struct Digits: Hashable {
        var value: UInt64 = 0
        var count = 0

        mutating func append(_ digit: UInt8) {
            value = value * 10 + UInt64(digit.digitValue)
            count += 1
        }
    }

    private var owners: [Digits: Int32] = [:]
    /// A bit for every four digits that a number starts with.
    private var firstDigits = [UInt64](repeating: 0, count: 10_000 / 64 + 1)

    /// Adds the digits of a value; those with too few or too many are left out.
    mutating func insert(_ value: [UInt8], owner: Int32) {
        var digits = Digits()
        for byte in value where byte.isDigit {
            guard digits.count < Self.maxDigits else { return }
            digits.append(byte)
            if digits.count == 4 { firstDigits[Int(digits.value >> 6)] |= 1 << (digits.value & 63) }
        }
        if digits.count >= Self.minDigits, owners[digits] == nil { owners[digits] = owner }
    }

    /// Calls `found` with the range of each number in a text, the longest one at each place, and its owner.
    func search(_ text: ScannedText, found: (Range<Int>, Int32) -> Void) {
        guard !owners.isEmpty else { return }
        let bytes = text.bytes
        var place = 0
        while place < bytes.count {
            guard bytes[place].isDigit else {
                place += 1
                continue
            }
            let end = text.endOfDigits(from: place)
            place = text.startOfNumber(at: place)
            if !text.isGlued(before: place), !text.isJoined(before: place), let (range, owner) = longest(text, place) {
                found(range, owner)
            }
            place = end
        }
    }

    private func longest(_ text: ScannedText, _ start: Int) -> (Range<Int>, Int32)? {
        var digits = Digits()
        var best: (Range<Int>, Int32)?
        var (place, hasParenthesis) = (start, false)
        while true {
            let end = text.endOfDigits(from: place)
            guard end > place, digits.count + end - place <= Self.maxDigits else { break }
            for byte in text.bytes[place..<end] {
                digits.append(byte)
                guard digits.count == 4 else { continue }
                guard firstDigits[Int(digits.value >> 6)] >> (digits.value & 63) & 1 == 1 else { return best }
            }
            if digits.count >= Self.minDigits, !text.isGlued(after: end), let owner = owners[digits] {
                let isOpen = hasParenthesis && text[start - 1] == UInt8(ascii: "(")
                best = ((isOpen ? start - 1 : start)..<end, owner)
            }
            // At most two signs between groups: `(555) 123-4567`.
            place = end
            for _ in 0..<2 {
                let length = Self.lengthOfSign(text, place)
                guard length > 0 else { break }
                hasParenthesis = hasParenthesis || text[place] == UInt8(ascii: ")")
                place += length
            }
            guard place > end else { break }
        }
        guard let (range, owner) = best else { return nil }
        let hasPlus = text[range.lowerBound - 1] == UInt8(ascii: "+")
        return ((hasPlus ? range.lowerBound - 1 : range.lowerBound)..<range.upperBound, owner)
    }

    /// The length of a sign that may be between groups of digits; 0 for none.
    private static func lengthOfSign(_ text: ScannedText, _ place: Int) -> Int {
        switch text[place] {
        case 0x20, 0x09, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "("), UInt8(ascii: ")"):
            1
        // Spaces and hyphens that don't break lines, and dashes.
        case 0xC2 where text[place + 1] == 0xA0: 2
        case 0xE2 where text[place + 1] == 0x80 && [0x89, 0xAF, 0x90, 0x91, 0x92, 0x93].contains(text[place + 2]): 3
        case UInt8(ascii: "\\"): SignEscape.lengthOfSeparator(text, place)
        default: 0
        }
    }
}
