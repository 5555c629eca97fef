/// Numbers of payment cards: an issuer's prefix with the length that belongs to it, and the check digit.
enum CardDetector {
    private static let label = NumberLabel(["card", "creditcard", "cardnumber", "debitcard", "diners", "cc"])

    /// Returns the range of the card number whose first digits are at a place; `nil` if none.
    static func match(in text: ScannedText, digits: Range<Int>) -> Range<Int>? {
        guard text[digits.lowerBound] &- UInt8(ascii: "2") < 5, !text.isGlued(before: digits.lowerBound),
            !text.isJoined(before: digits.lowerBound)
        else { return nil }
        switch digits.count {
        case 14...19:
            // Only Diners Club has 14 digits, as many as times and trade numbers have.
            guard isNumber(text, digits, count: digits.count),
                digits.count != 14 || label.names(digits, in: text)
            else { return nil }
            return digits
        case 4: return grouped(text, digits.lowerBound)
        default: return nil
        }
    }

    /// How the digits of a card are grouped.
    private static let groupings = [[4, 4, 4, 4, 3], [4, 4, 4, 4], [4, 6, 5], [4, 6, 4]]

    private static func grouped(_ text: ScannedText, _ start: Int) -> Range<Int>? {
        // The second group has four digits at least; that of a date has two.
        guard text[start + 4] == UInt8(ascii: " ") || text[start + 4] == UInt8(ascii: "-"),
            text[start + 5].isDigit, text[start + 7].isDigit
        else { return nil }
        let groups = DigitGroups(in: text, from: start)
        guard groups.count > 2, let separator = groups.separator(after: 0) else { return nil }
        for lengths in groupings where groups.starts(with: lengths) {
            let number = groups.prefix(lengths.count)
            guard number.areSeparated(by: separator) else { continue }
            let range = start..<number.end
            // A row of numbers with four digits each, unless the next or last four of them are a card as well.
            let goesOn = lengths.count == 4 && groups.length(4) == 4
            let followsDigits = separator == .space && text[start - 1] == UInt8(ascii: " ") && text[start - 2].isDigit
            if goesOn || followsDigits {
                let length = range.count + 1
                guard lengths == [4, 4, 4, 4],
                    isFour(text, start + length, separator) || isFour(text, start - length, separator)
                else { continue }
            }
            if isNumber(text, range, count: number.digitCount) { return range }
        }
        return nil
    }

    /// Whether four groups that are the number of a card begin at a place.
    private static func isFour(_ text: ScannedText, _ start: Int, _ separator: DigitGroups.Separator) -> Bool {
        guard start >= 0, text[start].isDigit, !text[start - 1].isDigit else { return false }
        let groups = DigitGroups(in: text, from: start)
        guard groups.starts(with: [4, 4, 4, 4]) else { return false }
        let number = groups.prefix(4)
        return number.areSeparated(by: separator) && isNumber(text, start..<number.end, count: 16)
    }

    private static func isNumber(_ text: ScannedText, _ range: Range<Int>, count: Int) -> Bool {
        guard !text.isGlued(after: range.upperBound), !text.isJoined(after: range.upperBound) else { return false }
        var (prefix, prefixLength, sum, place) = (0, 0, 0, 0)
        for byte in text.bytes[range] where byte.isDigit && prefixLength < 4 {
            prefix = prefix * 10 + byte.digitValue
            prefixLength += 1
        }
        guard isIssuer(prefix, count: count) else { return false }
        for byte in text.bytes[range].reversed() where byte.isDigit {
            let value = byte.digitValue
            sum += place % 2 == 0 ? value : value < 5 ? value * 2 : value * 2 - 9
            place += 1
        }
        return sum % 10 == 0
    }

    /// Whether an issuer has numbers that start with these four digits and are this long (ISO/IEC 7812). Visa's old
    /// numbers with 13 digits are left out: they look like trade numbers.
    private static func isIssuer(_ prefix: Int, count: Int) -> Bool {
        switch (prefix, count) {
        case (4000...4999, 16), (5100...5599, 16), (2221...2720, 16), (3528...3589, 16): true
        case (3400...3499, 15), (3700...3799, 15): true
        case (6011, 16), (6440...6599, 16), (6200...6299, 16), (6200...6299, 19): true
        case (3000...3059, 14), (3600...3699, 14), (3800...3999, 14): true
        case (5018, 16), (5020, 16), (5038, 16), (5893, 16), (6304, 16), (6759, 16), (6761...6763, 16): true
        default: false
        }
    }
}
