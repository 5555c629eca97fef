/// A text that is searched for values, with what detectors ask about the surroundings of a place in it.
///
/// No detector looks beyond a line, or further than a fixed number of bytes: the time is linear in the text's length.
struct ScannedText {
    let bytes: UnsafeBufferPointer<UInt8>
    /// The name of the JSON member or the like that the whole text is the value of, perhaps after the name of the one that
    /// it is in: `phone/value`. Empty for none.
    var field: [UInt8] = []

    var count: Int { bytes.count }

    /// The byte at a place; 0 outside the text.
    subscript(place: Int) -> UInt8 {
        place >= 0 && place < bytes.count ? bytes[place] : 0
    }

    /// Where the digits of a number begin that start at a place: after those of an escape such as `%20` and `\x00`.
    func startOfNumber(at start: Int) -> Int {
        let length: Int
        switch self[start - 1] {
        case UInt8(ascii: "%"): length = 2
        case UInt8(ascii: "x") where backslashes(before: start - 1) % 2 == 1: length = 2
        case UInt8(ascii: "u") where backslashes(before: start - 1) % 2 == 1: length = 4
        default: return start
        }
        return (0...length).allSatisfy { self[start + $0].isDigit } ? start + length : start
    }

    /// The end of the digits that start at a place.
    func endOfDigits(from start: Int) -> Int {
        var end = start
        while end < count, bytes[end].isDigit { end += 1 }
        return end
    }

    /// Whether another group of digits may follow those that end at a place.
    func mayContinue(after end: Int) -> Bool {
        switch self[end] {
        case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"):
            self[end + 1].isDigit || self[end + 1] == UInt8(ascii: "(")
        case UInt8(ascii: ")"), UInt8(ascii: "("), 0xC2: self[end + 1].isDigit || self[end + 2].isDigit
        case 0xE2: self[end + 3].isDigit
        case UInt8(ascii: "\\"): self[end + SignEscape.lengthOfSeparator(self, end)].isDigit
        default: false
        }
    }

    /// Whether some bytes are at a place.
    func starts(with bytes: [UInt8], at place: Int) -> Bool {
        for (offset, byte) in bytes.enumerated() where self[place + offset] != byte { return false }
        return true
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

    /// Whether the bytes before a place are the end of an escape sequence of JSON, Python or a URL, and not of a word.
    func isEscape(before place: Int) -> Bool {
        if backslashes(before: place - 1) % 2 == 1 {
            switch self[place - 1] {
            case UInt8(ascii: "n"), UInt8(ascii: "t"), UInt8(ascii: "r"), UInt8(ascii: "b"), UInt8(ascii: "f"),
                UInt8(ascii: "v"), UInt8(ascii: "a"):
                return true
            default: return false
            }
        }
        let areHex = self[place - 1].isHexDigit && self[place - 2].isHexDigit
        if areHex, self[place - 3] == UInt8(ascii: "%") { return true }
        if areHex, self[place - 3] == UInt8(ascii: "x"), backslashes(before: place - 3) % 2 == 1 { return true }
        return areHex && self[place - 3].isHexDigit && self[place - 4].isHexDigit
            && self[place - 5] == UInt8(ascii: "u")
            && backslashes(before: place - 5) % 2 == 1
    }

    private func backslashes(before place: Int) -> Int {
        var count = 0
        while self[place - 1 - count] == UInt8(ascii: "\\"), count < 8 { count += 1 }
        return count
    }
}
