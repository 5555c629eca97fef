/// Text attributes.
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

    /// The escape sequence that sets exactly these attributes.
    var sequence: String {
        "\u{1B}[" + (["0"] + Self.codes.filter { contains($0.0) }.map(\.1)).joined(separator: ";") + "m"
    }
}

/// A run of text with one style.
struct StyledPiece: Sendable, Equatable {
    var text: String
    var style: Style = []
}

/// Writes styled text with escape sequences.
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

    /// Ends the line. Resets the style first: some terminals would fill the rest of the line with it.
    mutating func endLine() {
        change(to: [])
        written += "\n"
    }

    /// Moves the cursor within its line.
    ///
    /// - Parameter column: starts at 0.
    mutating func move(toColumn column: Int) {
        change(to: [])
        written += "\u{1B}[\(column + 1)G"
    }

    /// Removes and returns the output. Resets the style at the end, since others write to the terminal as well.
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
