/// Makes untrusted file names safe.
enum SafeFileName {
    /// Maximum length in bytes; file systems accept 255, and a number may be added.
    private static let limit = 200

    /// Returns a name for a file in a single directory: not a path, not hidden, and without anything that a terminal
    /// or a program treats specially.
    static func of(_ name: String) -> String {
        var safe = String.UnicodeScalarView()
        for scalar in name.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: safe.append("_")
            default: safe.append(scalar == "/" || scalar == "\\" || scalar == ":" ? "_" : scalar)
            }
        }
        if safe.isEmpty { return "artifact" }
        if safe.first == "." || safe.first == "-" { safe.insert("_", at: safe.startIndex) }
        return cut(String(safe))
    }

    /// Returns the name with a number before its extension: `plot-2.png`.
    static func numbered(_ name: String, _ number: Int) -> String {
        let (stem, ending) = parts(of: name)
        return "\(stem)-\(number)\(ending)"
    }

    private static func cut(_ name: String) -> String {
        guard name.utf8.count > limit else { return name }
        let (stem, ending) = parts(of: name)
        let kept = ending.utf8.count <= 20 ? ending : ""
        var short = ""
        for character in stem {
            guard short.utf8.count + String(character).utf8.count + kept.utf8.count <= limit else { break }
            short.append(character)
        }
        return (short.isEmpty ? "artifact" : short) + kept
    }

    private static func parts(of name: String) -> (stem: String, ending: String) {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return (name, "") }
        return (String(name[..<dot]), String(name[dot...]))
    }
}
