/// Numbers that look like those of people, and are dates, times and sizes.
enum PlainNumber {
    /// Whether groups begin with a date: `2026-11-30`, `30.11.2026`, `2024-2025`.
    static func isDate(_ groups: DigitGroups, in text: ScannedText) -> Bool {
        guard groups.count > 1 else { return false }
        if isYear(groups, 0, text) {
            return isYear(groups, 1, text) || groups.length(1) <= 2 && (groups.count == 2 || groups.length(2) <= 2)
        }
        return groups.length(0) <= 2 && groups.length(1) <= 2 && isYear(groups, 2, text)
    }

    /// Whether digits without anything between them are a date, a time, or a round or counted number.
    static func isNobodys(_ digits: Range<Int>, in text: ScannedText) -> Bool {
        guard text.bytes[digits].allSatisfy(\.isDigit) else { return false }
        let value = text.bytes[digits].reduce(0) { $0 * 10 + $1.digitValue }
        switch digits.count {
        case 8 where isDay(value): return true
        case 14 where isDay(value / 1_000_000): return true
        // Seconds and milliseconds since 1970, from 2014 on.
        case 10 where (1_400_000_000..<2_000_000_000).contains(value): return true
        case 13 where (1_400_000_000_000..<2_000_000_000_000).contains(value): return true
        default: return value % 100_000 == 0 || NumberLabel.isCount(digits, in: text)
        }
    }

    /// Whether three groups with spaces between them are sizes, or codes and round numbers: `640 480 1024`, `404 500 5000`.
    static func isRowOfSizes(_ groups: DigitGroups, in text: ScannedText) -> Bool {
        guard groups.count == 3, groups.areSeparated(by: .space) else { return false }
        let numbers = (0..<3).map { value(groups, $0, text) }
        return numbers.allSatisfy { $0 % 16 == 0 } || numbers[1] % 100 == 0 && numbers[2] % 1000 == 0
    }

    /// Whether each group is one more than the one before: `01 02 03 04 05`.
    static func isCounting(_ groups: DigitGroups, in text: ScannedText) -> Bool {
        groups.count > 2
            && (1..<groups.count).allSatisfy { value(groups, $0, text) == value(groups, $0 - 1, text) + 1 }
    }

    private static func value(_ groups: DigitGroups, _ group: Int, _ text: ScannedText) -> Int {
        // Longer ones are compared with nothing.
        guard groups.length(group) <= 15 else { return -1 }
        return text.bytes[groups.start(group)..<groups.end(group)].reduce(0) { $0 * 10 + $1.digitValue }
    }

    private static func isYear(_ groups: DigitGroups, _ group: Int, _ text: ScannedText) -> Bool {
        groups.length(group) == 4 && (1900...2099).contains(value(groups, group, text))
    }

    private static func isDay(_ value: Int) -> Bool {
        (1900...2099).contains(value / 10_000) && (1...12).contains(value / 100 % 100) && (1...31).contains(value % 100)
    }
}
