/// Text of several lines that cannot drive a terminal.
enum SanitizedText {
    /// The text without control characters other than line ends and tabs, and without the marks that turn the direction
    /// of writing. What moves the cursor between words is a blank instead, but for a carriage return before a line end.
    /// It may be a piece of a longer text.
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
