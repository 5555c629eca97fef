import JSON
import TestSupport

extension SplitMix64 {
    /// A value of any kind, with texts that are easily mistaken for syntax or for another type.
    mutating func value(depth: Int = 0) -> JSON {
        switch Int.random(in: 0..<(depth < 4 ? 10 : 5), using: &self) {
        case 0: pick([nil, true, false])
        case 1: .integer(pick([0, 7, -19, 255, .max, .min, Int.random(in: -9999...9999, using: &self)]))
        case 2: .double(pick([0.5, -2.0, 1e300, 1.5e-9, 100, Double.random(in: -1...1, using: &self)]))
        case 3, 4: .string(text())
        case 5, 6: .array((0..<Int.random(in: 0...4, using: &self)).map { _ in value(depth: depth + 1) })
        default: .object(object(depth: depth))
        }
    }

    private mutating func object(depth: Int) -> JSONObject {
        var object = JSONObject()
        for _ in 0..<Int.random(in: 0...4, using: &self) { object[key()] = value(depth: depth + 1) }
        return object
    }

    private mutating func key() -> String {
        pick([
            "name", "description", "allowed-tools", "two words", "a:b", "", "1", "true", "<<", "-", "é", "x #y", "\n",
            text(),
        ])
    }

    /// Words and awkward pieces, joined by white space of every kind.
    private mutating func text() -> String {
        let pieces = [
            "word", "longer", "it's", "\"quoted\"", "#", "# c", ":", "k: v", "end:", "-", "- item", "[x]", "{y}",
            "&a", "*b", "!t", "%d", "@at", "`code`", "|", ">", "?", ",", "null", "true", "1", "0x1f", ".5", "---",
            "...", "\\", "\\n", "日本語", "😀", "", "\t", "\u{07}", "\0", "\u{A0}", "\u{FEFF}", "http://example.org/#a",
        ]
        let joints = [" ", " ", " ", "  ", "\n", "\n\n", "\n  ", " \n", "", "\n\t"]
        var text = pick(["", "", "", " ", "\n", "  \n"]) + pick(pieces)
        for _ in 0..<Int.random(in: 0...6, using: &self) { text += pick(joints) + pick(pieces) }
        return text + pick(["", "", "", "\n", "\n\n", " ", "\n \n"])
    }
}
