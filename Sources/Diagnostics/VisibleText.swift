extension String {
    /// The text with everything that a reader can't see, or that changes how the rest is read, written as an escape of
    /// JSON (`\u202e`): control and format characters, other spaces than the usual one, invisible letters and marks.
    /// A JSON text still means the same.
    public var visible: String {
        guard unicodeScalars.contains(where: \.isHidden) else { return self }
        var text = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            guard scalar.isHidden else {
                text.append(scalar)
                continue
            }
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16)
                text.append(contentsOf: "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".unicodeScalars)
            }
        }
        return String(text)
    }
}

extension Unicode.Scalar {
    /// Whether a reader wouldn't see the character, or not as it is: control and format characters, other spaces than the
    /// usual one, invisible letters and marks, and what has no meaning.
    public var isHidden: Bool {
        guard !isASCII else { return value < 0x20 || value == 0x7F }
        // A letter of Braille without dots looks like a space, and isn't declared as ignorable.
        guard !properties.isDefaultIgnorableCodePoint, value != 0x2800 else { return true }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .surrogate, .privateUse,
            .unassigned:
            return true
        default:
            return false
        }
    }
}
