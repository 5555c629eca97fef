import Diagnostics
import JSON

/// What a tool declares, as lines for a person: a member after the other, descriptions line by line, schemas indented.
/// Whatever can't be seen, or looks like something else, is spelled out.
enum DeclarationText {
    /// Arrays of this length stay on one line.
    private static let lineLength = 100

    /// Returns the lines of a declaration, as ``ToolDigest/declaration(of:)`` makes it.
    static func lines(of declaration: JSONObject) -> [String] {
        let order = ["name", "description", "annotations", "inputSchema", "outputSchema"]
        return order.flatMap { name -> [String] in
            guard let value = declaration[name] else { return [] }
            guard name == "description", let text = value.stringValue else {
                return layout(value, after: "\(name): ", margin: "")
            }
            let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            return ["description:"] + lines.map { "    " + visible(String($0)) }
        }
    }

    private static func layout(_ value: JSON, after start: String, margin: String) -> [String] {
        let inner = margin + "    "
        switch value {
        case .object(let members) where !members.isEmpty:
            let content = members.flatMap { member in
                layout(member.value, after: inner + visible(JSON.string(member.key).text) + ": ", margin: inner)
            }
            return [start + "{"] + content + [margin + "}"]
        case .array(let elements) where !elements.isEmpty:
            let line = visible(value.text)
            if line.count <= lineLength { return [start + line] }
            return [start + "["] + elements.flatMap { layout($0, after: inner, margin: inner) } + [margin + "]"]
        default: return [start + visible(value.text)]
        }
    }

    /// Returns the text with everything spelled out that can't be seen, and letters that look like those of the rest of
    /// their word but are others.
    static func visible(_ text: String) -> String {
        var result = ""
        for word in words(of: text) {
            let isLatin = word.contains { $0.isASCII && $0.properties.isAlphabetic }
            for scalar in word {
                let isImitation = imitations.contains { $0.contains(scalar.value) }
                let isStranger = isLatin && otherScripts.contains(scalar.value) && scalar.properties.isAlphabetic
                result += isImitation || isStranger ? escape(scalar) : String(scalar)
            }
        }
        return result.visible
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        String(scalar).utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)"
        }.joined()
    }

    /// The parts of a text, each either letters or others.
    private static func words(of text: String) -> [[Unicode.Scalar]] {
        var words: [[Unicode.Scalar]] = []
        var wasLetter: Bool?
        for scalar in text.unicodeScalars {
            let isLetter = scalar.properties.isAlphabetic
            if isLetter == wasLetter { words[words.count - 1].append(scalar) } else { words.append([scalar]) }
            wasLetter = isLetter
        }
        return words
    }

    /// Greek, Cyrillic, Armenian: alphabets with letters that look like Latin ones.
    private static let otherScripts: ClosedRange<UInt32> = 0x370...0x58F
    /// Letters and digits that only exist beside the usual ones: full width, mathematical.
    private static let imitations: [ClosedRange<UInt32>] = [0xFF01...0xFF5E, 0x1D400...0x1D7FF]
}
