/// A text that is searched for values, with what detectors ask about the surroundings of a place in it.
///
/// No detector looks beyond a line, or further than a fixed number of bytes: the time is linear in the text's length.
struct ScannedText {
    /// How far back a word beside a value may be, in bytes, and how far ahead.
    static var wordsBefore: Int { 32 }
    private static var wordsAfter: Int { 14 }

    let bytes: UnsafeBufferPointer<UInt8>
    /// The name of the JSON member or the like that the whole text is the value of, in lowercase; empty for none.
    var field: [UInt8] = []

    var count: Int { bytes.count }

    /// The byte at a place; 0 outside the text.
    subscript(place: Int) -> UInt8 {
        place >= 0 && place < bytes.count ? bytes[place] : 0
    }

    /// The end of the digits that start at a place.
    func endOfDigits(from start: Int) -> Int {
        var end = start
        while end < count, bytes[end].isDigit { end += 1 }
        return end
    }

    // MARK: - Neighbors

    /// Whether what starts here continues a word: `x5551234567`. The letter of an escape such as `\n` is none, nor are
    /// the digits of `%20`.
    func isGlued(before start: Int) -> Bool {
        self[start - 1].isWordByte && !isEscape(before: start)
    }

    /// Whether a word goes on after what ends here.
    func isGlued(after end: Int) -> Bool { self[end].isWordByte }

    /// Whether what starts here is a later part of something joined by hyphens or dots: `ORD-5551234567`, `0.5551234`.
    func isJoined(before start: Int) -> Bool {
        let sign = self[start - 1]
        return (sign == UInt8(ascii: "-") || sign == UInt8(ascii: ".")) && self[start - 2].isAlphanumeric
            && !isEscape(before: start - 1)
    }

    /// Whether something joined by hyphens or dots goes on after what ends here.
    func isJoined(after end: Int) -> Bool {
        let sign = self[end]
        return (sign == UInt8(ascii: "-") || sign == UInt8(ascii: ".")) && self[end + 1].isAlphanumeric
    }

    /// Whether the bytes before a place are the end of an escape sequence of JSON or of a URL, and not of a word.
    func isEscape(before place: Int) -> Bool {
        if backslashes(before: place - 1) % 2 == 1 {
            switch self[place - 1] {
            case UInt8(ascii: "n"), UInt8(ascii: "t"), UInt8(ascii: "r"), UInt8(ascii: "b"), UInt8(ascii: "f"):
                return true
            default: return false
            }
        }
        let areHex = self[place - 1].isHexDigit && self[place - 2].isHexDigit
        if areHex, self[place - 3] == UInt8(ascii: "%") { return true }
        return areHex && self[place - 3].isHexDigit && self[place - 4].isHexDigit
            && self[place - 5] == UInt8(ascii: "u")
            && backslashes(before: place - 5) % 2 == 1
    }

    private func backslashes(before place: Int) -> Int {
        var count = 0
        while self[place - 1 - count] == UInt8(ascii: "\\"), count < 8 { count += 1 }
        return count
    }

    // MARK: - Words

    /// Whether one of `words` (in lowercase) is beside a range, on the same line and in the same field; or in the name
    /// of the field that the text is the value of.
    func isBeside(_ range: Range<Int>, _ words: [Word]) -> Bool {
        let isNamed = field.withUnsafeBufferPointer { field in
            words.contains { $0.occurs(in: field, 0..<field.count) }
        }
        if isNamed { return true }
        var start = range.lowerBound
        while start > 0, range.lowerBound - start < Self.wordsBefore, !Self.endsField(bytes[start - 1]) { start -= 1 }
        var end = range.upperBound
        while end < count, end - range.upperBound < Self.wordsAfter, !Self.endsField(bytes[end]) { end += 1 }
        return words.contains { word in
            word.occurs(in: bytes, start..<range.lowerBound) || word.occurs(in: bytes, range.upperBound..<end)
        }
    }

    /// A word that says what a number beside it is.
    struct Word: Sendable {
        let letters: [UInt8]
        /// Whether it counts only on its own: `tel`, which is also in `hotel`.
        let isWhole: Bool

        init(_ text: String, isWhole: Bool = false) {
            letters = Array(text.utf8)
            self.isWhole = isWhole
        }

        /// Whether it occurs in a range of some text, in either case.
        func occurs(in text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
            guard range.count >= letters.count else { return false }
            for start in range.lowerBound...(range.upperBound - letters.count)
            where text[start] | 0x20 == letters[0] {
                var length = 1
                while length < letters.count, text[start + length] | 0x20 == letters[length] { length += 1 }
                guard length == letters.count else { continue }
                guard isWhole else { return true }
                let end = start + length
                let isApart = start == range.lowerBound || !text[start - 1].isLetter
                if isApart, end == range.upperBound || !text[end].isLetter { return true }
            }
            return false
        }
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
