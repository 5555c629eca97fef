/// Makes the names of uploaded files safe for the sandbox: a name must not act as a path or an option, or put invisible
/// characters into a command.
enum UploadName {
    /// The longest name in bytes: there is room for ` (1000)`.
    private static let maxLength = 200
    private static let maxExtension = 20
    private static let replacement: Unicode.Scalar = "_"
    /// Joins emoji, and letters in some scripts.
    private static let joiners: Set<Unicode.Scalar> = ["\u{200C}", "\u{200D}"]

    /// Returns a valid file name for any text: what follows the last slash or backslash, without characters that
    /// control a terminal or hide text, not hidden, at most ``maxLength`` bytes.
    static func safe(_ text: String) -> String {
        let scalars = text.unicodeScalars
        let base = scalars[
            (scalars.lastIndex { $0 == "/" || $0 == "\\" }.map(scalars.index(after:)) ?? scalars.startIndex)...]
        var name = String.UnicodeScalarView(base.map { isPlain($0) ? $0 : replacement })
        while name.first == " " { name.removeFirst() }
        while name.last == " " { name.removeLast() }
        // Hidden, an option, or a home directory.
        if let first = name.first, [".", "-", "~"].contains(first) {
            name.replaceSubrange(name.startIndex...name.startIndex, with: [replacement])
        }
        return name.isEmpty ? "file" : shortened(String(name))
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format: joiners.contains(scalar)
        case .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }

    /// Cuts the stem, because the extension says what the file is.
    private static func shortened(_ name: String) -> String {
        guard name.utf8.count > maxLength else { return name }
        let dot = name.unicodeScalars.lastIndex(of: ".") ?? name.endIndex
        let isExtension = name[dot...].utf8.count <= maxExtension
        let suffix = isExtension ? name[dot...] : ""
        var stem = String.UnicodeScalarView()
        var room = maxLength - suffix.utf8.count
        for scalar in (isExtension ? name[..<dot] : name[...]).unicodeScalars {
            room -= UTF8.width(scalar)
            guard room >= 0 else { break }
            stem.append(scalar)
        }
        return String(stem) + suffix
    }
}
