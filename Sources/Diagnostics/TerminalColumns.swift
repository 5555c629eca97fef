/// Computes the width of text on a terminal.
public enum TerminalColumns {
    /// Unicode ranges of characters with two columns, besides emoji.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
        0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18DFF,
        0x1AFF0...0x1B2FF, 0x1F200...0x1F265, 0x20000...0x3FFFD,
    ]

    /// Returns the longest prefix of a line that fits into `width` columns.
    public static func cut(_ line: String, to width: Int) -> String {
        var columns = 0
        var shown = ""
        for character in line {
            columns += self.width(of: character)
            guard columns <= width else { return shown }
            shown.append(character)
        }
        return shown
    }

    /// Returns the width of a single-line text.
    public static func width(of text: some Sequence<Character>) -> Int {
        text.reduce(0) { $0 + width(of: $1) }
    }

    /// Returns the maximum width that a terminal gives a character. An emoji sequence is as wide as all of its parts
    /// on terminals that cannot join them.
    public static func width(of character: Character) -> Int {
        let scalars = character.unicodeScalars
        guard let first = scalars.first else { return 0 }
        if scalars.count == 1 { return width(of: first) }
        let sum = scalars.reduce(0) { $0 + width(of: $1) }
        // The variation selector requests emoji presentation.
        return scalars.contains { $0.value == 0xFE0F } ? max(sum, 2) : sum
    }

    /// Returns the rows that a single-line text takes, each of at most `width` columns, but of one character at least.
    public static func rows(of line: String, width: Int) -> [String] {
        var rows: [String] = []
        var row = ""
        var used = 0
        for character in line {
            let size = self.width(of: character)
            if used + size > width, used > 0 {
                rows.append(row)
                (row, used) = ("", 0)
            }
            row.append(character)
            used += size
        }
        return rows + [row]
    }

    private static func width(of scalar: Unicode.Scalar) -> Int {
        let value = scalar.value
        if value < 0x300 { return value < 0x20 || (0x7F..<0xA0).contains(value) || value == 0xAD ? 0 : 1 }
        // Vowels and final consonants of a Korean syllable in decomposed form.
        if (0x1160...0x11FF).contains(value) { return 0 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .lineSeparator, .paragraphSeparator: return 0
        default: break
        }
        if (0x1F1E6...0x1F1FF).contains(value) { return 1 }
        return scalar.properties.isEmojiPresentation || wide.contains { $0.contains(value) } ? 2 : 1
    }
}
