/// What the beginning of a line says about its block: indentation, block quotation, list item.
struct LinePrefix {
    /// Indentation of the content, in columns, beyond that of the list items it is in.
    private(set) var indent = 0
    private(set) var isQuote = false
    private(set) var isItem = false
    /// Whether it is an item of an enumeration that has letters, boxes or other signs for markers: `A.`, `(1)`, `[ ]`.
    private(set) var isOfEnumeration = false
    /// The text after the markers.
    private(set) var content: ArraySlice<UInt8>
    /// Whether the line contains nothing at all but white space.
    private(set) var isEmpty = false

    /// Whether nothing but markers has come so far.
    var isBlank: Bool { content.isEmpty }

    init(_ line: ArraySlice<UInt8>) {
        content = line
        skipBlanks()
        isEmpty = content.isEmpty
        while let first = content.first {
            if first == 0x3E {
                isQuote = true
                content.removeFirst()
            } else if let length = Self.marker(content) {
                isItem = true
                content.removeFirst(length)
            } else if let length = Self.sign(content) {
                isItem = true
                isOfEnumeration = true
                content.removeFirst(length)
            } else {
                return
            }
            indent = 0
            skipBlanks()
            // One blank belongs to the marker.
            indent = max(0, indent - 1)
        }
    }

    /// Characters that cannot be seen, some of which have a width.
    private static let invisible: [(bytes: [UInt8], width: Int)] = [
        ("\u{A0}", 1), ("\u{3000}", 2), ("\u{FEFF}", 0), ("\u{200B}", 0), ("\u{2060}", 0),
    ].map { (Array($0.utf8), $1) }

    private mutating func skipBlanks() {
        while let first = content.first {
            if first <= 0x20 {
                indent += first == 0x09 ? 4 : 1
                content.removeFirst()
            } else if first >= 0x80, let known = Self.invisible.first(where: { content.starts(with: $0.bytes) }) {
                indent += known.width
                content.removeFirst(known.bytes.count)
            } else {
                return
            }
        }
    }

    /// The length of a list item's marker, behind which there must be white space.
    private static func marker(_ text: ArraySlice<UInt8>) -> Int? {
        guard let first = text.first else { return nil }
        var length = 1
        if !"-*+".utf8.contains(first) {
            let digits = text.prefix(9).prefix { 0x30...0x39 ~= $0 }.count
            guard digits > 0, let sign = text.dropFirst(digits).first, sign == 0x2E || sign == 0x29 else { return nil }
            length = digits + 1
        }
        guard let next = text.dropFirst(length).first, next <= 0x20 else { return nil }
        return length
    }

    private static let bullets = Set<Character>("•‣⁃∙·・◦▪▫■□●○◆◇★☆☐☑☒✓✔✅❌➤►▶–—")
    private static let brackets: [Character: Character] = ["(": ")", "[": "]", "（": "）", "【": "】"]
    private static let wideEnds = Set<Character>("．、）：】")

    /// The length of another sign that numbers an item: `a)`, `iv.`, `１．`, `①`, `(1)`, `[x]`, `•`.
    private static func sign(_ text: ArraySlice<UInt8>) -> Int? {
        let bytes = text.prefix(24)
        // Letters of words come most often.
        guard let first = bytes.first,
            !(0x61...0x7A ~= first | 0x20)
                || bytes.dropFirst().prefix(8).contains(where: {
                    $0 == 0x2E || $0 == 0x29
                })
        else { return nil }
        var rest = String(decoding: bytes, as: UTF8.self)[...]
        let whole = rest
        guard let sign = rest.popFirst() else { return nil }
        func length(needsBlank: Bool) -> Int? {
            if let next = rest.first, needsBlank, !next.isWhitespace { return nil }
            if needsBlank, rest.isEmpty { return nil }
            return whole.utf8.count - rest.utf8.count
        }
        if bullets.contains(sign) { return length(needsBlank: true) }
        if let scalar = sign.unicodeScalars.first, 0x2460...0x24FF ~= scalar.value || 0x2776...0x2793 ~= scalar.value {
            return length(needsBlank: false)
        }
        if let close = brackets[sign] {
            let word = rest.prefix { $0 != close }
            let isNumber = isNumbering(word) || word.allSatisfy { $0 == " " || "xX✓✔".contains($0) }
            guard word.count <= 4, isNumber, word.endIndex < rest.endIndex else { return nil }
            rest = rest[rest.index(after: word.endIndex)...]
            return length(needsBlank: close.isASCII)
        }
        let word = whole.prefix { $0.isLetter || $0.isNumber }
        guard isNumbering(word), word.endIndex < whole.endIndex else { return nil }
        let end = whole[word.endIndex]
        rest = whole[whole.index(after: word.endIndex)...]
        if wideEnds.contains(end), !(word.allSatisfy { $0.isASCII && $0.isLetter }) { return length(needsBlank: false) }
        return end == "." || end == ")" ? length(needsBlank: true) : nil
    }

    /// Whether a word is a number in digits of any script, a letter or a small Roman numeral.
    private static func isNumbering(_ word: Substring) -> Bool {
        guard let first = word.first, word.count <= 5 else { return false }
        if word.allSatisfy({ $0.isNumber && ($0.isASCII || $0.isWholeNumber || "一二三四五六七八九十".contains($0)) }) {
            return word.count <= 3
        }
        if word.count == 1 { return first.isLetter && first.isASCII || first.isCased }
        return word.allSatisfy { "ivxIVX".contains($0) }
    }

    /// Whether a line so far is only the marker of a list item or a heading.
    static func isOnlyMarker(_ line: [UInt8]) -> Bool {
        guard let last = line.last, "-*+.)#".utf8.contains(last), line.count < 32 else { return false }
        let words = line[...].drop { $0 <= 0x20 || $0 == 0x3E }
        return words.allSatisfy { $0 == 0x23 } && words.count <= 6 || marker(words + [0x20]) == words.count
    }
}
