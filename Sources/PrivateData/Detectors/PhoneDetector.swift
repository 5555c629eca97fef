/// Phone numbers: with a `+`, in groups as they are written, or bare digits beside a word that says so.
enum PhoneDetector {
    private static let label = NumberLabel([
        "phone", "mobile", "tel", "telefon", "telephone", "cellphone", "homephone", "workphone", "mobilephone",
        "phonenumber", "phoneno", "telephonenumber", "mobilenumber", "telefonnummer",
    ])
    /// The beginnings of these words.
    static let wordBeginnings = ["ph", "mo", "te"]

    /// Returns the range of the number whose first digits are at a place; `nil` if none.
    ///
    /// - Parameter words: where words like "phone" are in the text.
    static func match(in text: ScannedText, digits: Range<Int>, words: inout WordPlaces) -> Range<Int>? {
        let start = digits.lowerBound
        if text[start - 1] == UInt8(ascii: "+") { return international(text, digits) }
        guard !text.isGlued(before: start), !text.isJoined(before: start) else { return nil }
        // All that has fewer digits in one piece continues in another piece.
        guard digits.count >= 7 || text.mayContinue(after: digits.upperBound) else { return nil }
        let isBesideWord = words.areBeside(digits, in: text)
        // Numbers are everywhere: most are none by how they start.
        let first = text[start]
        let mayBeNational =
            first == UInt8(ascii: "0") && digits.count > 1 || digits.count == 3
            || digits.count == 1 && first == UInt8(ascii: "1")
        guard isBesideWord || mayBeNational else { return nil }
        let groups = DigitGroups(in: text, from: start)
        guard groups.digitCount >= 7 else { return nil }
        return (mayBeNational ? national(text, groups) : nil) ?? (isBesideWord ? besideWord(text, groups) : nil)
    }

    /// `+` and 8 to 15 digits.
    private static func international(_ text: ScannedText, _ digits: Range<Int>) -> Range<Int>? {
        let start = digits.lowerBound - 1
        guard text[start + 1] != UInt8(ascii: "0"), !text[start - 1].isWordByte || text.isEscape(before: start),
            text[start - 1] != UInt8(ascii: "+")
        else { return nil }
        let all = DigitGroups(in: text, from: digits.lowerBound)
        // A number with a fraction, such as a coordinate.
        if all.separator(after: 0) == .dot, all.count == 2 || all.length(1) > 4 { return nil }
        let isAmerican = text[digits.lowerBound] == UInt8(ascii: "1")
        var (count, total) = (0, 0)
        for group in 0..<all.count {
            let length = all.length(group)
            // What follows a whole number after a space is another number.
            if group > 0, all.separator(after: group - 1) == .space,
                isAmerican ? total >= 11 : total >= 11 || total >= 9 && length > 4
            {
                break
            }
            guard total + length <= 15 else { break }
            total += length
            count += 1
        }
        guard (8...15).contains(total) else { return nil }
        return end(of: all.prefix(count), in: text).map { start..<$0 }
    }

    private static func national(_ text: ScannedText, _ all: DigitGroups) -> Range<Int>? {
        guard all.count > 1 else { return nil }
        for count in (2...all.count).reversed() {
            let groups = all.prefix(count)
            guard isNorthAmerican(groups, text) || isNational(groups, text), !groups.isAmongNumbers(in: text),
                let end = end(of: groups, in: text)
            else { continue }
            return startWithParenthesis(groups, text)..<end
        }
        return nil
    }

    /// `555-123-4567`, `(555) 123-4567`, `1 555 123 4567`.
    private static func isNorthAmerican(_ groups: DigitGroups, _ text: ScannedText) -> Bool {
        guard groups.count == 3 || groups.count == 4 else { return false }
        let first = groups.count - 3
        guard first == 0 || groups.length(0) == 1 && text[groups.start(0)] == UInt8(ascii: "1") else { return false }
        return groups.length(first) == 3 && groups.length(first + 1) == 3 && groups.length(first + 2) == 4
            && text[groups.start(first)] >= UInt8(ascii: "2")
            && !(0..<groups.count).contains { groups.separator(after: $0) == .slash }
            && !PlainNumber.isRowOfSizes(groups, in: text)
    }

    /// Groups after a 0, as most other countries write numbers: `030 1234567`, `01 23 45 67 89`, `0171/1234567`.
    private static func isNational(_ groups: DigitGroups, _ text: ScannedText) -> Bool {
        let start = groups.start(0)
        guard text[start] == UInt8(ascii: "0"), groups.count <= 5, (2...5).contains(groups.length(0)),
            groups.length(groups.count - 1) >= 2
        else { return false }
        // A date, and how Social Security numbers are written.
        if groups.count == 3, groups.starts(with: [2, 2, 4]) || groups.starts(with: [3, 2, 4]) { return false }
        if PlainNumber.isCounting(groups, in: text) { return false }
        let isAbroad = text[start + 1] == UInt8(ascii: "0")
        guard (isAbroad ? 10...15 : 9...12).contains(groups.digitCount),
            !isAbroad || groups.length(0) > 2 || groups.count > 2
        else { return false }
        let separators = (0..<groups.count - 1).compactMap { groups.separator(after: $0) }.filter { $0 != .parenthesis }
        guard separators.dropFirst().allSatisfy({ $0 == separators[0] || separators[0] == .slash }) else {
            return false
        }
        return !separators.contains(.dot) || groups.count == 5 && groups.starts(with: [2, 2, 2, 2, 2])
    }

    private static func besideWord(_ text: ScannedText, _ all: DigitGroups) -> Range<Int>? {
        for count in (1...max(1, firstNumber(of: all))).reversed() {
            let groups = all.prefix(count)
            guard (7...15).contains(groups.digitCount), let end = end(of: groups, in: text) else { continue }
            let range = startWithParenthesis(groups, text)..<end
            guard !PlainNumber.isDate(groups, in: text),
                count > 1 || !PlainNumber.isNobodys(groups.start(0)..<end, in: text)
            else { return nil }
            return label.names(range, in: text) ? range : nil
        }
        return nil
    }

    /// How many groups belong to the first number: after a whole one, a space begins another.
    private static func firstNumber(of all: DigitGroups) -> Int {
        var (count, total) = (0, 0)
        while count < all.count {
            if count > 0, all.separator(after: count - 1) == .space, total >= 10 || all.length(count - 1) >= 7 { break }
            total += all.length(count)
            count += 1
        }
        return count
    }

    /// Where the groups start, with the parenthesis that is closed within them.
    private static func startWithParenthesis(_ groups: DigitGroups, _ text: ScannedText) -> Int {
        let start = groups.start(0)
        let isOpen = text[start - 1] == UInt8(ascii: "(") && groups.separator(after: 0) == .parenthesis
        return isOpen && text[groups.end(0)] == UInt8(ascii: ")") ? start - 1 : start
    }

    /// Where the groups end; `nil` if they are the beginning of something else. An extension may follow: `x12`.
    private static func end(of groups: DigitGroups, in text: ScannedText) -> Int? {
        let end = groups.end
        let isExtension = text[end] | 0x20 == UInt8(ascii: "x") && text[end + 1].isDigit
        guard isExtension || !text.isGlued(after: end), !text.isJoined(after: end) else { return nil }
        return end
    }
}
