/// Multi-line text that cannot control a terminal.
enum SanitizedText {
    /// Removes control characters except line ends and tabs, and bidirectional formatting characters. Cursor movements
    /// between words become spaces, except for a carriage return before a line end. The text may be a piece of a
    /// longer one.
    static func of(_ text: String) -> String {
        var shown = String.UnicodeScalarView()
        var follows = false
        for scalar in text.unicodeScalars {
            if follows, scalar != "\n" { shown.append(" ") }
            follows = scalar == "\r"
            if scalar.value == 0x0B || scalar.value == 0x0C {
                shown.append(" ")
            } else if !isHarmful(scalar) {
                shown.append(scalar)
            }
        }
        if follows { shown.append(" ") }
        return String(shown)
    }

    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A: false
        case 0x00...0x1F, 0x7F...0x9F: true
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
