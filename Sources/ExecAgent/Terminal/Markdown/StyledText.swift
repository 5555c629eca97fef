/// How letters look.
struct Style: OptionSet, Sendable, Hashable {
    let rawValue: Int

    static let bold = Style(rawValue: 1)
    static let italic = Style(rawValue: 2)
    static let struck = Style(rawValue: 4)
    static let underlined = Style(rawValue: 8)
    static let code = Style(rawValue: 16)
    static let faint = Style(rawValue: 32)

    private static let codes: [(Style, String)] = [
        (.bold, "1"), (.faint, "2"), (.italic, "3"), (.underlined, "4"), (.struck, "9"), (.code, "36"),
    ]

    /// What makes a terminal write so from here on.
    var sequence: String {
        "\u{1B}[" + (["0"] + Self.codes.filter { contains($0.0) }.map(\.1)).joined(separator: ";") + "m"
    }
}

/// A part of a text that looks alike.
struct StyledPiece: Sendable, Equatable {
    var text: String
    var style: Style = []
}

/// Writes text in styles.
struct StyledWriter: Sendable {
    private var written = ""
    private var current: Style = []

    mutating func write(_ text: String, _ style: Style = []) {
        guard !text.isEmpty else { return }
        change(to: style)
        written += text
    }

    mutating func write(_ pieces: [StyledPiece]) {
        for piece in pieces { write(piece.text, piece.style) }
    }

    /// Ends the line. No style goes on behind it: some terminals would fill the rest of the line with it.
    mutating func endLine() {
        change(to: [])
        written += "\n"
    }

    /// Moves the cursor within its line.
    ///
    /// - Parameter column: from 0 on.
    mutating func move(toColumn column: Int) {
        change(to: [])
        written += "\u{1B}[\(column + 1)G"
    }

    /// What was written since this was last asked for. It leaves no style behind: others write as well.
    mutating func take() -> String {
        change(to: [])
        defer { written = "" }
        return written
    }

    private mutating func change(to style: Style) {
        guard style != current else { return }
        current = style
        written += style.sequence
    }
}
