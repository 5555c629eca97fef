/// Converts terminal output to plain text on one line.
public enum TerminalText {
    private enum State {
        case text
        /// After an escape character.
        case escape
        /// In a control sequence: a color or a cursor movement.
        case sequence
        /// In a string for the terminal, such as a window title.
        case string
    }

    /// Sanitizes arbitrary bytes for display: removes escape sequences and control characters, repairs invalid UTF-8,
    /// and truncates to `limit` bytes without splitting a Unicode scalar.
    public static func line(_ bytes: [UInt8], atMost limit: Int) -> String {
        var state = State.text
        var line = String.UnicodeScalarView()
        var size = 0
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            let isText = state == .text
            state = next(state, scalar)
            guard isText, state == .text, let shown = shown(scalar) else { continue }
            // Skip leading blanks.
            guard shown != " " || !line.isEmpty else { continue }
            size += UTF8.width(shown)
            guard size <= limit else { break }
            line.append(shown)
        }
        while line.last == " " { line.removeLast() }
        return String(line)
    }

    private static func next(_ state: State, _ scalar: Unicode.Scalar) -> State {
        switch (state, scalar.value) {
        case (_, 0x1B): .escape
        case (.text, 0x9B): .sequence
        case (.text, 0x90), (.text, 0x98), (.text, 0x9D...0x9F): .string
        case (.escape, 0x5B): .sequence
        case (.escape, 0x5D), (.escape, 0x50), (.escape, 0x58), (.escape, 0x5E), (.escape, 0x5F): .string
        case (.escape, 0x20...0x2F): .escape
        case (.sequence, 0x20...0x3F): .sequence
        case (.string, 0x07), (.string, 0x9C): .text
        case (.string, _): .string
        default: .text
        }
    }

    private static func shown(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        switch scalar.properties.generalCategory {
        case .spaceSeparator, .lineSeparator, .paragraphSeparator: " "
        case .control: scalar == "\t" || scalar == "\n" || scalar == "\r" ? " " : nil
        // These include the bidirectional formatting characters.
        case .format, .surrogate: nil
        default: scalar
        }
    }
}
