import JSON
import TestSupport

/// Writes values as YAML, choosing by chance among all the ways there are to write them.
///
/// It shares nothing with the reader: what it takes for granted about a style is written down here on its own.
struct YAMLEmitter {
    var random: SplitMix64

    /// A whole document.
    mutating func document(_ value: JSON) -> String {
        let body: String
        switch value {
        case .array(let elements) where !elements.isEmpty && chance(0.8):
            body = list(elements, indent: random.pick([0, 0, 2]))
        case .object(let object) where !object.isEmpty && chance(0.8):
            body = map(object, indent: random.pick([0, 0, 1]))
        default: body = inline(value, parentIndent: 0) + lineEnd()
        }
        let text =
            random.pick(["", "", "\u{FEFF}", "# comment\n", "\n", "---\n", "--- # comment\n"]) + body
            + random.pick(["", "...\n"])
        return random.pick([
            text, text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n"),
        ])
    }

    mutating func chance(_ probability: Double) -> Bool {
        Double.random(in: 0..<1, using: &random) < probability
    }

    // MARK: Block form

    private mutating func list(_ elements: [JSON], indent: Int) -> String {
        var text = ""
        for element in elements {
            text += String(repeating: " ", count: indent) + "-" + entry(element, indent: indent, isListItem: true)
        }
        return text
    }

    private mutating func map(_ object: JSONObject, indent: Int) -> String {
        var text = ""
        for member in object {
            text +=
                String(repeating: " ", count: indent) + key(member.key) + random.pick([":", ":", " :"])
            text += entry(member.value, indent: indent, isListItem: false)
        }
        return text
    }

    /// What stands behind `-` or `key:`, to the end of its last line.
    private mutating func entry(_ value: JSON, indent: Int, isListItem: Bool) -> String {
        let deeper = indent + random.pick([1, 2, 2, 4])
        switch value {
        case .null where chance(0.3):
            return lineEnd()
        case .array(let elements) where !elements.isEmpty && chance(0.7):
            if isListItem, chance(0.5) {
                return compact(list(elements, indent: deeper), indent: indent, deeper: deeper)
            }
            return lineEnd() + list(elements, indent: isListItem || chance(0.5) ? deeper : indent)
        case .object(let object) where !object.isEmpty && chance(0.7):
            if isListItem, chance(0.6) { return compact(map(object, indent: deeper), indent: indent, deeper: deeper) }
            return lineEnd() + map(object, indent: deeper)
        case .string(let text) where BlockScalar.canHold(text) && chance(0.4):
            return " " + BlockScalar(text: text, indent: indent, random: &random).yaml
        default:
            let isBelow = chance(0.15)
            let start = isBelow ? lineEnd() + String(repeating: " ", count: deeper) : random.pick([" ", "  "])
            return start + inline(value, parentIndent: indent) + lineEnd()
        }
    }

    /// A nested block that begins on the line of its dash, which takes the place of its first line's indentation.
    private func compact(_ block: String, indent: Int, deeper: Int) -> String {
        deeper > indent + 1 ? String(block.dropFirst(indent + 1)) : "\n" + block
    }

    private mutating func lineEnd() -> String {
        random.pick([
            "\n", "\n", "\n", " \n", " # comment\n", "\t# comment: \"[{\n", "\n\n", "\n# comment\n", "\n   \n",
        ])
    }

    // MARK: Flow form and scalars

    /// A value that needs no indentation, as a part of a line or of several.
    private mutating func inline(_ value: JSON, parentIndent: Int) -> String {
        switch value {
        case .null: return random.pick(["null", "Null", "NULL", "~"])
        case .bool(let value):
            return value ? random.pick(["true", "True", "TRUE"]) : random.pick(["false", "False", "FALSE"])
        case .integer(let number): return integer(number)
        case .double(let number): return String(number)
        case .verbatim(let text): return text
        case .string(let text): return scalar(text, indent: parentIndent)
        case .array(let elements):
            let parts = elements.map {
                space(parentIndent) + inline($0, parentIndent: parentIndent) + space(parentIndent)
            }
            return "[" + parts.joined(separator: ",") + (parts.isEmpty ? "" : random.pick(["", ",", ", "])) + "]"
        case .object(let object):
            let parts = object.map { member in
                space(parentIndent) + key(member.key) + ":"
                    + random.pick([" ", "  ", "\n" + pad(parentIndent)])
                    + inline(member.value, parentIndent: parentIndent) + space(parentIndent)
            }
            return "{" + parts.joined(separator: ",") + (parts.isEmpty ? "" : random.pick(["", ",", ", "])) + "}"
        }
    }

    /// White space between the tokens of flow form.
    private mutating func space(_ parentIndent: Int) -> String {
        random.pick(["", "", " ", " ", "\n" + pad(parentIndent), " # comment ]}\n" + pad(parentIndent)])
    }

    private mutating func pad(_ parentIndent: Int) -> String {
        String(repeating: " ", count: parentIndent + random.pick([1, 2, 5]))
    }

    private mutating func integer(_ number: Int) -> String {
        guard number >= 0 else { return String(number) }
        return random.pick([
            String(number), String(number), "+\(number)", "00\(number)", "0x" + String(number, radix: 16),
            "0o" + String(number, radix: 8),
        ])
    }

    private mutating func key(_ text: String) -> String {
        if Scalar.isPlainKey(text), chance(0.7) { return text }
        return Scalar.isSingleLine(text) && chance(0.5)
            ? Scalar.singleQuoted(text) : Scalar.doubleQuoted(text, isKey: true, &random)
    }

    private mutating func scalar(_ text: String, indent: Int) -> String {
        let yaml: String
        if Scalar.isPlain(text), chance(0.7) {
            yaml = text
        } else if Scalar.isSingleLine(text), chance(0.6) {
            yaml = Scalar.singleQuoted(text)
        } else {
            return Scalar.doubleQuoted(text, isKey: false, &random)
        }
        guard chance(0.3) else { return yaml }
        return fold(yaml, indent: indent)
    }

    /// Breaks lines at single spaces between letters: they are all the same to the reader.
    private mutating func fold(_ yaml: String, indent: Int) -> String {
        var folded = ""
        let characters = Array(yaml)
        for (place, character) in characters.enumerated() {
            let isBetweenLetters =
                place > 0 && place + 1 < characters.count && characters[place - 1].isLetter
                && characters[place + 1].isLetter
            folded +=
                character == " " && isBetweenLetters && chance(0.5)
                ? random.pick(["", " "]) + "\n" + pad(indent) : String(character)
        }
        return folded
    }
}
