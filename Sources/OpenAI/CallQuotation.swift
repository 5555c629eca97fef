/// Distinguishes a call that the text quotes from one that the model makes, by what precedes it on its line.
enum CallQuotation {
    /// Maximum number of bytes of a line to examine.
    static let longestLine = 512

    /// Characters that open a quotation, a bracket or code.
    private static let openers = Set("([{|`“„‘‚«‹「『（【")

    /// Returns the part of the call's line that precedes it.
    static func line(of text: some BidirectionalCollection<UInt8>) -> [UInt8] {
        let end = Array(text.suffix(longestLine))
        return end.lastIndex { $0 == 0x0A || $0 == 0x0D }.map { Array(end[($0 + 1)...]) } ?? end
    }

    /// Whether a call after this text is quoted: it follows an opening quotation mark, bracket, code mark or comment,
    /// its line is a block quotation or a table row, or other words precede it in a list item.
    static func opens(behind text: some BidirectionalCollection<UInt8>) -> Bool {
        let line = String(decoding: line(of: text), as: UTF8.self)
        var words = line.drop { isBlank($0) }
        guard let first = words.first else { return false }
        if first == ">" || first == "|" { return true }
        if let item = item(words) { return item.contains { !isBlank($0) } }
        while let character = words.last, isBlank(character) { words.removeLast() }
        let isStuck = words.endIndex == line.endIndex
        guard let character = words.last else { return false }
        switch character {
        case "\"", "'": return isStuck || words.dropLast().last.map { isBlank($0) || openers.contains($0) } ?? true
        // An emphasized title with a colon introduces what follows it.
        case "*", "_": return isStuck || words.suffix(6).contains { $0 == ":" || $0 == "：" }
        case ":", "：": return words.dropLast().last.map { $0 == "*" || $0 == "_" } == true
        case ">": return !endsElement(words)
        case "-": return words.hasSuffix("<!--")
        default: return openers.contains(character)
        }
    }

    private static func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }

    /// Returns the text after a list item's marker; `nil` if there is no marker.
    private static func item(_ words: Substring) -> Substring? {
        var rest = words
        if let sign = rest.first, "-*+•".contains(sign) {
            rest.removeFirst()
        } else {
            let digits = rest.prefix(4).prefix { $0.isASCII && ($0.isNumber || $0.isLetter && words.first == $0) }
            rest = rest[digits.endIndex...]
            guard !digits.isEmpty, let sign = rest.popFirst(), sign == "." || sign == ")" else { return nil }
        }
        return rest.first.map(isBlank) == true ? rest : nil
    }

    /// Whether a closing angle bracket ends an element, a comment or a mark with bars, so that nothing is left open.
    private static func endsElement(_ words: Substring) -> Bool {
        let isEnd = ["|>", "｜>", "/>", "-->"].contains { words.hasSuffix($0) }
        return isEnd || words.lastIndex(of: "<").map { words[$0...].hasPrefix("</") || words[$0...] == "<s>" } == true
    }
}
