import JSON

/// Formats YAML as people write it.
enum YAMLText {
    /// Returns a text as a double-quoted scalar: as in JSON, but also with characters escaped that YAML can't print.
    static func quoted(_ text: String) -> String {
        JSON.string(text).text.unicodeScalars.map { scalar in
            switch scalar.value {
            case 0x80...0x9F, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF:
                let digits = String(scalar.value, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default:
                return String(scalar)
            }
        }.joined()
    }

    /// Returns a name (see ``ServerEntry/isName(_:)``) as a key or value, quoted only if YAML would read it as a
    /// boolean or null.
    static func name(_ name: String) -> String {
        let words = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"]
        return words.contains(name.lowercased()) ? quoted(name) : name
    }

    /// Returns the texts as a list on one line.
    static func list(_ texts: [String]) -> String {
        "[" + texts.map(quoted).joined(separator: ", ") + "]"
    }
}
