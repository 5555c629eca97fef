import Diagnostics

/// Text of strangers for a terminal on which a person decides about it: everything that a terminal wouldn't show, or
/// would show as something else, is written out as `‹U+202E›`.
enum VisibleText {
    /// A character that readers wouldn't have seen.
    struct Finding: Sendable, Equatable {
        /// Its line, from 1.
        let line: Int
        let scalar: Unicode.Scalar

        /// `line 3: U+202E`.
        var text: String { "line \(line): \(VisibleText.code(of: scalar))" }
    }

    /// Returns the text with its invisible characters written out. Keeps line feeds and tabs.
    static func visible(_ text: String) -> String {
        var shown = String.UnicodeScalarView()
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            if isHidden(scalar, after: previous) {
                shown.append(contentsOf: "‹\(code(of: scalar))›".unicodeScalars)
            } else {
                shown.append(scalar)
            }
            previous = scalar
        }
        return String(shown)
    }

    /// The same on one line, at most `limit` characters of it.
    static func line(_ text: String, limit: Int) -> String {
        let start = String(text.prefix(limit))
        let line = visible(start).split(whereSeparator: \.isNewline).joined(separator: " ")
        return start.utf8.count < text.utf8.count ? line + "…" : line
    }

    /// Finds the invisible characters, except those that are usual: carriage returns at the ends of lines, a byte order
    /// mark at the start.
    ///
    /// - Parameter limit: the maximum number to find.
    static func hidden(in text: String, limit: Int) -> [Finding] {
        var findings: [Finding] = []
        var (line, previous): (Int, Unicode.Scalar?) = (1, nil)
        let scalars = text.unicodeScalars
        for place in scalars.indices where findings.count < limit {
            let scalar = scalars[place]
            let next = scalars.index(after: place)
            let endsLine = scalar == "\r" && next < scalars.endIndex && scalars[next] == "\n"
            let isMark = scalar == "\u{FEFF}" && place == scalars.startIndex
            if isHidden(scalar, after: previous), !endsLine, !isMark {
                findings.append(Finding(line: line, scalar: scalar))
            }
            if scalar == "\n" { line += 1 }
            previous = scalar
        }
        return findings
    }

    private static func isHidden(_ scalar: Unicode.Scalar, after previous: Unicode.Scalar?) -> Bool {
        switch scalar {
        // Of the spaces, those that people type.
        case "\n", "\t", "\u{A0}", "\u{3000}": return false
        // Makes the character before it an emoji.
        case "\u{FE0F}":
            guard let previous, previous.properties.isEmoji, previous.value > 0x7F else { return true }
            return false
        // Signs of Greek and physics that are the same as `;`, `` ` `` and `K` for Unicode, and for readers.
        case "\u{37E}", "\u{1FEF}", "\u{212A}": return true
        default: return scalar.isHidden
        }
    }

    // MARK: - Rows

    /// How a row starts that goes on with the line before it. No line starts so.
    private static let continuation = "↳ "
    /// Narrower terminals are treated as if they had this many columns.
    private static let minColumns = 20

    /// Returns the text with lines broken that need more than one row of a terminal. Each further row starts with a mark,
    /// so that a row in the middle of a long line can't look like a line of its own.
    ///
    /// - Parameters:
    ///   - text: visible text, each of whose lines starts with another character than the mark.
    ///   - columns: the width of the terminal.
    static func rows(_ text: String, columns: Int) -> String {
        // By scalars: to Swift, a carriage return with a line feed is one character.
        text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            .map { broken($0, columns: max(columns, minColumns)) }.joined(separator: "\n")
    }

    private static func broken(_ line: Substring.UnicodeScalarView, columns: Int) -> String {
        var (shown, column) = (String.UnicodeScalarView(), 0)
        var rest = line
        while let first = rest.first {
            let unit = rest.prefix(first == "‹" ? escapeLength(rest) : 1)
            var end = unit.reduce(column) { $0 + width(of: $1, at: $0) }
            if end > columns {
                shown.append(contentsOf: "\n\(continuation)".unicodeScalars)
                let start = continuation.unicodeScalars.reduce(0) { $0 + width(of: $1, at: $0) }
                end = unit.reduce(start) { $0 + width(of: $1, at: $0) }
            }
            shown.append(contentsOf: unit)
            column = end
            rest = rest.dropFirst(unit.count)
        }
        return String(shown)
    }

    /// The number of scalars of `‹U+202E›`, which is kept in one piece.
    private static func escapeLength(_ text: Substring.UnicodeScalarView) -> Int {
        text.prefix(10).firstIndex(of: "›").map { text.distance(from: text.startIndex, to: $0) + 1 } ?? 1
    }

    /// At least the columns that a terminal uses for a character.
    private static func width(of scalar: Unicode.Scalar, at column: Int) -> Int {
        if scalar == "\t" { return 8 - column % 8 }
        if scalar.isASCII { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return 0
        default: return 2
        }
    }

    private static func code(of scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
