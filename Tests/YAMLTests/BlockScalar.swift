import TestSupport

/// A text as a `|` or `>` block.
struct BlockScalar {
    private(set) var yaml = ""

    /// Whether a block can hold the text: it has no escapes.
    static func canHold(_ text: String) -> Bool {
        text.contains { $0 != "\n" }
            && text.unicodeScalars.allSatisfy {
                $0 == "\n" || $0 == "\t" || $0.value >= 0x20 && !(0x7F...0x9F ~= $0.value) && $0 != "\u{FEFF}"
            }
    }

    /// - Parameter indent: the column of the parent.
    init(text: String, indent: Int, random: inout SplitMix64) {
        let isFolded = Bool.random(using: &random)
        let extra = Int.random(in: 1...4, using: &random)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let breaks = text.reversed().prefix { $0 == "\n" }.count
        // The first line cannot show the indentation where it is blank or begins with white space.
        let isNamed = text.first?.isWhitespace == true || Int.random(in: 0..<4, using: &random) == 0
        let chomping = breaks == 0 ? "-" : breaks == 1 ? random.pick(["", "+"]) : "+"
        let indicators = [isNamed ? String(extra) : "", chomping]
        yaml = (isFolded ? ">" : "|") + (Bool.random(using: &random) ? indicators : indicators.reversed()).joined()
        yaml += random.pick(["\n", "\n", " \n", " # comment\n"])

        let pad = String(repeating: " ", count: indent + extra)
        let content = lines.dropLast(breaks)
        for (place, line) in content.enumerated() {
            yaml += line.isEmpty ? random.pick(["", pad]) : pad + (isFolded ? Self.broken(line, pad, &random) : line)
            yaml += "\n"
            // Between two lines of running text, the breaks of folded form are one more than the text has.
            let next = content.dropFirst(place + 1).first { !$0.isEmpty }
            if isFolded, Self.isRunning(line), let next, Self.isRunning(next) { yaml += "\n" }
        }
        yaml += String(repeating: "\n", count: max(breaks - 1, 0))
    }

    private static func isRunning(_ line: String) -> Bool {
        line.first.map { $0 != " " && $0 != "\t" } == true
    }

    /// A line of running text, broken at some single spaces.
    private static func broken(_ line: String, _ pad: String, _ random: inout SplitMix64) -> String {
        guard isRunning(line) else { return line }
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        var text = words.first ?? ""
        for (word, previous) in zip(words.dropFirst(), words) {
            let canBreak = !previous.isEmpty && !word.isEmpty && isRunning(word)
            text += (canBreak && Int.random(in: 0..<3, using: &random) == 0 ? "\n" + pad : " ") + word
        }
        return text
    }
}
