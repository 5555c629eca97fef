/// US Social Security numbers: separated, or nine digits beside a word that says so.
enum SSNDetector {
    private static let label = NumberLabel(["ssn", "social"])
    /// Numbers that were printed on specimens, or that everybody types.
    private static let fakes = [78_051_120, 219_099_999, 123_456_789]

    /// Returns the range of the number whose first digits are at a place; `nil` if none.
    static func match(in text: ScannedText, digits: Range<Int>) -> Range<Int>? {
        guard digits.count == 3 || digits.count == 9, !text.isGlued(before: digits.lowerBound),
            !text.isJoined(before: digits.lowerBound)
        else { return nil }
        var range = digits
        if digits.count == 3 {
            // Three digits, two, and four.
            let isSeparated =
                text[digits.upperBound] == UInt8(ascii: "-") || text[digits.upperBound] == UInt8(ascii: " ")
            guard isSeparated, text[digits.upperBound + 2].isDigit else { return nil }
            let number = DigitGroups(in: text, from: digits.lowerBound).prefix(3)
            guard number.starts(with: [3, 2, 4]),
                number.areSeparated(by: .hyphen)
                    || number.areSeparated(by: .space) && !number.isAmongNumbers(in: text)
            else { return nil }
            range = digits.lowerBound..<number.end
        }
        guard !text.isGlued(after: range.upperBound), !text.isJoined(after: range.upperBound), isValid(text, range),
            digits.count == 3 || label.names(range, in: text)
        else { return nil }
        return range
    }

    private static func isValid(_ text: ScannedText, _ range: Range<Int>) -> Bool {
        let number = text.bytes[range].reduce(0) { $1.isDigit ? $0 * 10 + $1.digitValue : $0 }
        let (area, group, serial) = (number / 1_000_000, number / 10_000 % 100, number % 10_000)
        // What is computed with, not written on a card: `100-20-3000`.
        if area % 100 == 0, group % 10 == 0, serial % 1000 == 0 { return false }
        return area != 0 && area != 666 && area < 900 && group != 0 && serial != 0 && !fakes.contains(number)
    }
}
