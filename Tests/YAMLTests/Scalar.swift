import TestSupport

/// The styles in which the tests write a text that takes no lines of its own.
enum Scalar {
    /// Whether the text may stand without quotation marks: words that are no other type, and nothing like syntax.
    static func isPlain(_ text: String) -> Bool {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        return text.first?.isLetter == true && !["null", "true", "false"].contains(text.lowercased())
            && words.allSatisfy { word in
                word.first.map { $0.isLetter || "'\"\\.".contains($0) } == true && word.allSatisfy(isHarmless)
            }
    }

    static func isPlainKey(_ text: String) -> Bool {
        isPlain(text) && !text.contains(":")
    }

    private static func isHarmless(_ character: Character) -> Bool {
        character.isLetter || "0123456789'\"\\-._".contains(character)
    }

    /// Whether the text has neither line breaks nor characters that only an escape can write.
    static func isSingleLine(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F ~= $0.value) && $0 != "\u{FEFF}" }
    }

    static func singleQuoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }

    /// - Parameter isKey: whether it has to stay on one line.
    static func doubleQuoted(_ text: String, isKey: Bool, _ random: inout SplitMix64) -> String {
        "\"" + text.unicodeScalars.map { escaped($0, isKey: isKey, &random) }.joined() + "\""
    }

    private static func escaped(_ scalar: Unicode.Scalar, isKey: Bool, _ random: inout SplitMix64) -> String {
        let names: [Unicode.Scalar: String] = [
            "\0": "0", "\u{07}": "a", "\t": "t", "\n": "n", "\"": "\"", "\\": "\\", " ": " ", "/": "/", "\u{A0}": "_",
        ]
        let isSafe = isSingleLine(String(scalar)) && scalar != "\"" && scalar != "\\"
        guard !isSafe || Int.random(in: 0..<8, using: &random) == 0 else { return String(scalar) }
        // A break behind a backslash joins the lines, and the escape begins the second of them.
        let joint = isKey ? "" : random.pick(["", "", "", "\\\n  "])
        if let name = names[scalar], Bool.random(using: &random) { return joint + "\\" + name }
        return joint + (scalar.value < 0x100 ? hexadecimal(scalar, "x", 2) : long(scalar, &random))
    }

    private static func long(_ scalar: Unicode.Scalar, _ random: inout SplitMix64) -> String {
        scalar.value < 0x10000 && Bool.random(using: &random)
            ? hexadecimal(scalar, "u", 4) : hexadecimal(scalar, "U", 8)
    }

    private static func hexadecimal(_ scalar: Unicode.Scalar, _ kind: String, _ width: Int) -> String {
        let digits = String(scalar.value, radix: 16)
        return "\\" + kind + String(repeating: "0", count: width - digits.count) + digits
    }
}
