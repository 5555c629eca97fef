import Threading

// Lines that may not be finished.
extension PrivateDataVault {
    /// How many digits at the end of an unfinished line are shown: fewer say nothing.
    private static let shownDigits = 4
    /// How long a line may be that was surely not cut off, in bytes.
    private static let maxLine = 480

    /// Returns a line of which more may follow, with its values replaced. What may be the beginning of a value at its
    /// end is left out.
    public func redactUnfinished(_ line: String) -> String {
        let start = line.withBytes { bytes -> Int? in
            let text = ScannedText(bytes: bytes)
            let start = startOfUnfinished(text)
            guard start < text.count else { return nil }
            // What is recognized to its end is replaced as a whole.
            let values =
                (detectsEverything ? detectors.values(in: text) : [])
                + state.withLock { $0.registry.values(in: text) }
            let isWhole = values.contains { $0.range.lowerBound <= start && $0.range.upperBound == text.count }
            return isWhole ? nil : start
        }
        guard let start else { return redact(line) }
        return redact(String(decoding: Array(line.utf8)[..<start], as: UTF8.self)) + "…"
    }

    /// Where the text begins that may be the beginning of a value; the text's length for nowhere.
    private func startOfUnfinished(_ text: ScannedText) -> Int {
        let first = max(0, text.count - Self.maxValue)
        var start = text.count
        state.withLock { state in
            for place in first..<text.count where state.registry.isBeginning(text, from: place) {
                start = min(start, place)
                break
            }
        }
        guard detectsEverything || state.withLock({ $0.registry.count > 0 }) else { return start }
        // Other spellings of what is known are beginnings as well.
        for pattern in patterns {
            if let place = pattern.startOfUnfinished(in: text) { start = min(start, place) }
        }
        return min(start, startOfWord(text), startOfNumber(text))
    }

    /// The start of a word that may be that of an email address.
    private func startOfWord(_ text: ScannedText) -> Int {
        var (place, hasSign) = (text.count, false)
        while place > 0, text.count - place < Self.maxValue {
            let byte = text[place - 1]
            guard byte.isAlphanumeric || byte >= 0x80 || "._%+-@".utf8.contains(byte) else { break }
            hasSign = hasSign || byte == UInt8(ascii: "@")
            place -= 1
        }
        let isLong = text.count > Self.maxLine
        // One word of letters alone is shown: nearly every line ends with one.
        let isName = text.bytes[place...].contains { !$0.isLetter } && (text[place].isLetter || text[place] >= 0x80)
        return hasSign || isName || isLong ? place : text.count
    }

    /// The start of digits that may be those of a longer number.
    private func startOfNumber(_ text: ScannedText) -> Int {
        var (place, digits) = (text.count, 0)
        while place > 0, text.count - place < Self.maxValue {
            let byte = text[place - 1]
            guard byte.isDigit || byte.isUppercaseLetter || " -./()+:".utf8.contains(byte) else { break }
            digits += byte.isDigit ? 1 : 0
            place -= 1
        }
        return digits > Self.shownDigits ? place : text.count
    }
}
