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
            // At most two bytes between groups: `(555) 123-4567`.
            place = end
            while place - end < 2, " -./()".utf8.contains(text[place]) {
                hasParenthesis = hasParenthesis || text[place] == UInt8(ascii: ")")
                place += 1
            }
            guard place > end else { break }
        }
        guard let (range, owner) = best else { return nil }
        let hasPlus = text[range.lowerBound - 1] == UInt8(ascii: "+")
        return ((hasPlus ? range.lowerBound - 1 : range.lowerBound)..<range.upperBound, owner)
    }
}
