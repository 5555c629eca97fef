/// Text of several lines that cannot drive a terminal.
enum HarmlessText {
    /// The text without control characters other than line ends and tabs, and without the marks that turn the direction
    /// of writing. It may be a piece of a longer text: each character is judged by itself.
    static func of(_ text: String) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where !isHarmful(scalar) { shown.append(scalar) }
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
