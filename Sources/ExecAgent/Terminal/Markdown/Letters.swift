/// Character classes of Markdown.
enum Letters {
    /// Entities of characters that are special in HTML.
    static let entities = [
        "lt": "<", "gt": ">", "amp": "&", "quot": "\"", "apos": "'", "#39": "'", "nbsp": " ",
    ]

    static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    /// Whether it is whitespace; a line end, `nil`, counts.
    static func isBlank(_ scalar: Unicode.Scalar?) -> Bool { scalar?.properties.isWhitespace ?? true }

    /// Whether it is ASCII punctuation. Punctuation of other scripts appears next to letters without a space.
    static func isPunctuation(_ scalar: Unicode.Scalar?) -> Bool { scalar.map(isMark) ?? false }

    /// Whether it can be escaped with a backslash.
    static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
        default: false
        }
    }

    static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    static func isInEntity(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "#" || isDigit(scalar) || (scalar.isASCII && scalar.properties.isAlphabetic)
    }
}
