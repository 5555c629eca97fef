/// Whether a word beside a number says what it is: `phone: 5551234567`, `5551234567 (mobile)`, and not
/// `phone_verified=true id=12345678`, `smartphones 12345678`.
struct NumberLabel {
    /// How far before a number its word may begin, in bytes.
    static var wordsBefore: Int { 32 }
    /// How many signs may be between a number and a word after it.
    private static var signsAfter: Int { 3 }

    /// Words of a label that make it one of another number: `phone_id`, `mobile users:`.
    private static let otherNumbers = Set(
        [
            "id", "ids", "uuid", "at", "on", "time", "timestamp", "date", "count", "total", "size", "length", "port",
            "version", "created", "updated", "modified", "verified", "index", "order", "price", "amount", "hash", "sku",
            "users", "traffic", "sales", "sold", "units", "rate", "bytes", "rows", "records", "default", "limit", "max",
            "min", "average", "sum", "year", "calls", "views", "hits", "seconds", "ms", "revenue",
        ].map { Array($0.utf8) })
    /// Names of members of a JSON Schema that are values of what the schema is of.
    private static let schemaValues = ["default", "const", "example"].map { Array($0.utf8) }
    /// Words that say that a number follows.
    private static let numberWords = Set(["number", "num", "no", "nr"].map { Array($0.utf8) })
    /// Words that may be between a word and its number without a colon.
    private static let fillers = Set(
        [
            "number", "num", "no", "nr", "is", "of", "home", "work", "office", "private", "business", "cell", "or",
            "and",
            "my", "her", "his", "our", "their", "your", "the", "to", "me", "us", "him", "them", "fax", "ext", "main",
            "new",
            "old", "primary", "security", "it", "was", "text", "call", "via", "under", "ist",
        ].map { Array($0.utf8) })
    /// Words after a number that say what it counts: `12345678 bytes`.
    private static let units = Set(
        [
            "hz", "khz", "mhz", "byte", "bytes", "kb", "mb", "gb", "units", "users", "ms", "us", "ns", "sec", "seconds",
            "minutes", "hours", "rows", "records", "items", "sold", "sales", "px", "times", "requests", "calls",
            "people",
            "views", "hits", "eur", "usd", "euros", "dollars",
        ].map { Array($0.utf8) })

    let words: [[UInt8]]

    /// - Parameter words: in lowercase. Each counts on its own only, also in the plural and in `names_like_these`.
    init(_ words: [String]) {
        self.words = words.map { Array($0.utf8) }
    }

    /// Whether a number is named by one of the words: beside it, on the same line and in the same field; or in the name of
    /// the field that the text is the value of.
    func names(_ number: Range<Int>, in text: ScannedText) -> Bool {
        if names(field: text.field) { return true }
        var start = number.lowerBound
        while start > 0, number.lowerBound - start < Self.wordsBefore, !Self.endsField(text.bytes[start - 1]) {
            start -= 1
        }
        for place in (start..<number.lowerBound).reversed() {
            guard let end = end(ofWordAt: place, in: text.bytes), end <= number.lowerBound else { continue }
            return Self.leads(text, from: end, to: number.lowerBound, word: place, start: start)
        }
        return isFollowed(number, text)
    }

    /// Whether what a number counts is said after it.
    static func isCount(_ number: Range<Int>, in text: ScannedText) -> Bool {
        var place = number.upperBound
        guard text[place] == 0x20 else { return false }
        place += 1
        var end = place
        while end - place < 10, text[end].isLetter { end += 1 }
        return units.contains(text.bytes[place..<end].map(\.lowercased))
    }

    // MARK: - The name of the field

    /// - Parameter field: the name of a member, perhaps after the one that it is in: `phone/value`.
    private func names(field: [UInt8]) -> Bool {
        guard !field.isEmpty else { return false }
        return field.withUnsafeBufferPointer { bytes in
            let slash = bytes.lastIndex(of: UInt8(ascii: "/")) ?? -1
            let own = slash + 1..<bytes.count
            if occurs(in: bytes, own) { return !Self.saysOther(bytes, own) }
            // In a schema, it is a value of what it is in.
            let isValue = Self.schemaValues.contains { bytes[own].elementsEqual($0) }
            return slash > 0 && occurs(in: bytes, 0..<slash)
                && !Self.saysOther(bytes, 0..<(isValue ? slash : bytes.count))
        }
    }

    private func occurs(in bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
        range.contains { place in end(ofWordAt: place, in: bytes).map { $0 <= range.upperBound } ?? false }
    }

    /// Returns where the word ends that begins at a place; `nil` if none of the words does.
    private func end(ofWordAt start: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        let first = bytes[start] | 0x20
        func byte(_ place: Int) -> UInt8 { place >= 0 && place < bytes.count ? bytes[place] : 0 }
        func isApart(_ end: Int) -> Bool {
            !byte(end).isLetter || byte(end).isUppercaseLetter && byte(end - 1).isLowercaseLetter
        }
        for word in words where word[0] == first {
            var length = 1
            while length < word.count, byte(start + length) | 0x20 == word[length] { length += 1 }
            guard length == word.count else { continue }
            let before = byte(start - 1)
            // `homePhone`, but `iPhone` is none; the letter of `\n` belongs to no word.
            let isCamelCase =
                byte(start).isUppercaseLetter && before.isLowercaseLetter && byte(start - 2).isLowercaseLetter
            guard !before.isLetter || isCamelCase || byte(start - 2) == UInt8(ascii: "\\") else { continue }
            let end = start + length
            if isApart(end) { return end }
            if byte(end) | 0x20 == UInt8(ascii: "s"), isApart(end + 1) { return end + 1 }
        }
        return nil
    }

    // MARK: - Between a word and a number

    /// Whether what is between a word and a number leads from one to the other.
    private static func leads(_ text: ScannedText, from gap: Int, to number: Int, word: Int, start: Int) -> Bool {
        // The number of a path: `/phones/1234567`.
        if number - gap >= 1, text[number - 1] == UInt8(ascii: "/") { return false }
        var end = number
        while end > gap, " \t\"'([+\\".utf8.contains(text[end - 1]) { end -= 1 }
        var name = word
        while name > start, text[name - 1].isWordByte || text[name - 1] == UInt8(ascii: "-") { name -= 1 }
        guard !saysOther(text.bytes, name..<word), !saysOther(text.bytes, gap..<number) else { return false }
        switch end > gap ? text[end - 1] : 0 {
        case UInt8(ascii: ":"): return true
        case UInt8(ascii: "="):
            // The word is in the name of what is set.
            return text.bytes[gap..<end - 1].allSatisfy { $0.isWordByte || " -.\"':[]".utf8.contains($0) }
                && !runs(of: text.bytes, gap..<end - 1).contains { text[$0.lowerBound - 1] == 0x20 }
        default:
            let words = runs(of: text.bytes, gap..<number)
            // `phone number of Ada 5551234567`
            let saysNumber = words.contains { numberWords.contains(text.bytes[$0].map(\.lowercased)) }
            return words.allSatisfy { isFiller(text, $0) || saysNumber && isName(text, $0) }
        }
    }

    private static func isFiller(_ text: ScannedText, _ run: Range<Int>) -> Bool {
        run.count == 1 || fillers.contains(text.bytes[run].map(\.lowercased))
            || text[run.lowerBound - 1] >= 0x80 || text[run.upperBound] >= 0x80
    }

    private static func isName(_ text: ScannedText, _ run: Range<Int>) -> Bool {
        text[run.lowerBound].isUppercaseLetter && text.bytes[run].dropFirst().allSatisfy(\.isLowercaseLetter)
    }

    private static func saysOther(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
        runs(of: bytes, range).contains { otherNumbers.contains(bytes[$0].map(\.lowercased)) }
    }

    /// The words in a range: letters, a new word at each `aB`.
    private static func runs(of bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> [Range<Int>] {
        var (found, start) = ([Range<Int>](), range.lowerBound)
        for place in range {
            let isLetter = bytes[place].isLetter
            let startsWord =
                isLetter && place > start && bytes[place].isUppercaseLetter && bytes[place - 1].isLowercaseLetter
            if isLetter, !startsWord { continue }
            if place > start { found.append(start..<place) }
            start = isLetter ? place : place + 1
        }
        if range.upperBound > start { found.append(start..<range.upperBound) }
        return found
    }

    /// Whether a word follows at once: `5551234567 (mobile)`.
    private func isFollowed(_ number: Range<Int>, _ text: ScannedText) -> Bool {
        var place = number.upperBound
        while place - number.upperBound < Self.signsAfter, " (\"'/-".utf8.contains(text[place]) { place += 1 }
        guard place > number.upperBound, place < text.count, let end = end(ofWordAt: place, in: text.bytes) else {
            return false
        }
        // Phones are counted, and `phone=1` says something about the next number.
        return text[end - 1] | 0x20 != UInt8(ascii: "s") && !"=:_.".utf8.contains(text[end])
    }

    private static func endsField(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x0A, 0x0D, 0x09, UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "{"), UInt8(ascii: "}"),
            UInt8(ascii: "|"):
            true
        default: false
        }
    }
}
