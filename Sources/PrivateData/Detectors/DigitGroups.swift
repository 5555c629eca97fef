/// A number written as groups of digits with separators between them: `(555) 123-4567`, `4111 1111 1111 1111`.
struct DigitGroups {
    /// What is between two groups.
    enum Separator: UInt8 {
        case space = 1
        case hyphen, dot, slash
        /// A parenthesis, alone or with a space or hyphen beside it.
        case parenthesis
    }

    /// Most groups that are read.
    private static let maxGroups = 8

    // No arrays: numbers are everywhere, and most are nobody's.
    private var starts = SIMD8<Int>()
    private var ends = SIMD8<Int>()
    private var separatorCodes = SIMD8<UInt8>()
    /// How many groups there are.
    private(set) var count = 0

    /// Reads the groups that start at a place, on one line.
    init(in text: ScannedText, from start: Int) {
        var place = start
        while count < Self.maxGroups {
            let end = text.endOfDigits(from: place)
            guard end > place else { break }
            starts[count] = place
            ends[count] = end
            count += 1
            guard count < Self.maxGroups, let (separator, length) = Self.separator(in: text, at: end),
                text[end + length].isDigit
            else { break }
            separatorCodes[count - 1] = separator.rawValue
            place = end + length
        }
    }

    /// The number of digits of a group; 0 if there is no such group.
    func length(_ group: Int) -> Int { group < count ? ends[group] - starts[group] : 0 }
    /// What is after a group; `nil` after the last one.
    func separator(after group: Int) -> Separator? {
        group + 1 < count ? Separator(rawValue: separatorCodes[group]) : nil
    }
    /// Where a group starts.
    func start(_ group: Int) -> Int { starts[group] }
    /// Where a group ends.
    func end(_ group: Int) -> Int { ends[group] }
    /// Where the last group ends.
    var end: Int { count > 0 ? ends[count - 1] : 0 }

    /// The number of digits.
    var digitCount: Int { (0..<count).reduce(0) { $0 + length($1) } }

    /// Whether the groups have these lengths; further ones may follow.
    func starts(with lengths: [Int]) -> Bool {
        guard count >= lengths.count else { return false }
        for (group, length) in lengths.enumerated() where self.length(group) != length { return false }
        return true
    }

    /// Whether all separators are the same.
    func areSeparated(by separator: Separator) -> Bool {
        (0..<max(0, count - 1)).allSatisfy { separatorCodes[$0] == separator.rawValue }
    }

    /// The first groups alone.
    func prefix(_ count: Int) -> DigitGroups {
        var shorter = self
        shorter.count = min(count, self.count)
        return shorter
    }

    private static func separator(in text: ScannedText, at place: Int) -> (Separator, Int)? {
        let (first, second) = (text[place], text[place + 1])
        switch first {
        case UInt8(ascii: " "): return second == UInt8(ascii: "(") ? (.parenthesis, 2) : (.space, 1)
        case UInt8(ascii: "-"): return (.hyphen, 1)
        case UInt8(ascii: "."): return (.dot, 1)
        case UInt8(ascii: "/"): return (.slash, 1)
        case UInt8(ascii: "("): return (.parenthesis, 1)
        case UInt8(ascii: ")"):
            let isPair = second == UInt8(ascii: " ") || second == UInt8(ascii: "-")
            return (.parenthesis, isPair ? 2 : 1)
        // Spaces and hyphens that don't break lines, and dashes.
        case 0xC2: return second == 0xA0 ? (.space, 2) : nil
        case 0xE2:
            guard second == 0x80 else { return nil }
            switch text[place + 2] {
            case 0x89, 0xAF: return (.space, 3)
            case 0x90...0x93: return (.hyphen, 3)
            default: return nil
            }
        case UInt8(ascii: "\\"):
            let length = SignEscape.lengthOfSeparator(text, place)
            return length > 0 ? (.space, length) : nil
        default: return nil
        }
    }

    /// Whether groups go on before or after these with a space or dot, as in a row of numbers.
    func isAmongNumbers(in text: ScannedText) -> Bool {
        func isSeparator(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: ".") }
        return isSeparator(text[start(0) - 1]) && text[start(0) - 2].isDigit
            || isSeparator(text[end]) && text[end + 1].isDigit
    }
}
