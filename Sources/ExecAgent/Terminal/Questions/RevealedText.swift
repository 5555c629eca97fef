import Diagnostics

/// Untrusted text for a person who decides about it: everything in it can be seen, and nothing controls the terminal.
enum RevealedText {
    /// Returns the text on one line. Control characters and those without a shape, such as bidirectional formatting and
    /// zero-width characters, become escapes: `\u{202E}`.
    static func line(_ text: some StringProtocol) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if !scalar.isHidden {
                shown.append(scalar)
            } else if scalar == "\t" {
                shown.append(contentsOf: "    ".unicodeScalars)
            } else {
                shown.append(contentsOf: escape(scalar).unicodeScalars)
            }
        }
        return String(shown)
    }

    /// Returns the text on one line; the first `limit` characters of it, and a mark, if it has more.
    static func line(_ text: String, limit: Int) -> String {
        // By scalars: one character can have any number.
        let rest = text.unicodeScalars.dropFirst(limit)
        return line(String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit)))) + (rest.isEmpty ? "" : "…")
    }

    /// Returns the lines of the text.
    static func lines(_ text: String) -> [String] {
        // By scalars, because a carriage return and a line feed are one character.
        text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { scalars in
            let scalars = scalars.last == "\r" ? scalars.dropLast() : scalars
            return line(String(String.UnicodeScalarView(scalars)))
        }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
    }
}
