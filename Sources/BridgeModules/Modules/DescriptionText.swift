/// Parts of a tool's description.
enum DescriptionText {
    /// Nobody reads more than this of a description.
    private static let readLength = 20_000

    /// Returns the first paragraph, and everything after it, as visible text.
    static func paragraphs(of description: String) -> (first: String, rest: String) {
        let start = String(description.unicodeScalars.prefix(readLength))
        let text = PythonLiteral.docstringText(PythonLiteral.visible(start))
        var first: [Substring] = []
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        while let line = lines.first, !line.isEmpty {
            first.append(line)
            lines.removeFirst()
        }
        return (first.joined(separator: "\n"), PythonLiteral.docstringText(lines.joined(separator: "\n")))
    }

    /// Returns the first sentence on one line.
    static func summary(of description: String, limit: Int) -> String {
        let line = PythonLiteral.line(
            paragraphs(of: String(description.unicodeScalars.prefix(1_000))).first, limit: 500)
        let scalars = line.unicodeScalars
        var end = scalars.endIndex
        for place in scalars.indices {
            let next = scalars.index(after: place)
            if scalars[place] == "。"
                || ".!?".unicodeScalars.contains(scalars[place]) && next < scalars.endIndex
                    && scalars[next] == " " && !isAbbreviation(scalars[..<place])
            {
                end = scalars[place] == "." ? place : next
                break
            }
        }
        var sentence = String(scalars[..<end])
        if sentence.hasSuffix("."), !sentence.hasSuffix("..") { sentence.removeLast() }
        return sentence.truncated(to: limit)
    }

    /// Whether a full stop after `text` doesn't end a sentence: `e.g.`, `i.e.`, `vs.`, initials, numbers of a list.
    private static func isAbbreviation(_ text: Substring.UnicodeScalarView) -> Bool {
        let word = text.split(separator: " ").last.map { Substring($0).lowercased() } ?? ""
        return word.unicodeScalars.count <= 1
            || ["e.g", "i.e", "vs", "etc", "approx", "no", "incl"].contains(word.trimmingPrefix("("))
    }
}
