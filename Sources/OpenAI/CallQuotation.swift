/// Tells a call that a text quotes from one that is made, by what stands before it in its line.
enum CallQuotation {
    /// Bytes of a line that are looked at.
    static let longestLine = 512

    /// Whatever stands behind these belongs to what they open.
    private static let openers = Set("([{|`“„‘‚«‹「『（【")

    /// What stands before a call in its line.
    static func line(of text: some BidirectionalCollection<UInt8>) -> [UInt8] {
        let end = Array(text.suffix(longestLine))
        return end.lastIndex { $0 == 0x0A || $0 == 0x0D }.map { Array(end[($0 + 1)...]) } ?? end
    }

    /// Whether a call that stands behind a text is quoted: behind what opens a quotation, a bracket, code or a comment, in
    /// a line that is a quotation or a row of a table, or behind other words of a list.
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
        // A title between such signs tells what stands behind it.
        case "*", "_": return isStuck || words.suffix(6).contains { $0 == ":" || $0 == "：" }
        case ":", "：": return words.dropLast().last.map { $0 == "*" || $0 == "_" } == true
        case ">": return !endsElement(words)
        case "-": return words.hasSuffix("<!--")
        default: return openers.contains(character)
        }
    }

    private static func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }

    /// What stands behind the sign of a list's item; `nil` where there is none.
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

    /// Whether a closing bracket ends an element, a comment or a mark between bars, and opens nothing.
    private static func endsElement(_ words: Substring) -> Bool {
        let isEnd = ["|>", "｜>", "/>", "-->"].contains { words.hasSuffix($0) }
        return isEnd || words.lastIndex(of: "<").map { words[$0...].hasPrefix("</") || words[$0...] == "<s>" } == true
    }
}
