/// Skips what servers leave before an answer: the speaker's name, or the mark that begins a text.
extension AnswerText {
    /// Words left before an answer, and what must follow them.
    private static let leftovers = [("assistant", "<|channel|>"), ("assistant", "\n"), (">>>all\n", "")].map {
        (Array($0.utf8), Array($1.utf8))
    }
    /// Marks that begin a text.
    private static let beginnings = ["<s>", "<bos>"].map { Array($0.utf8) }
    /// Maximum number of bytes to examine for the end of what `<s>` begins.
    private static let maxLineBytes = 200

    mutating func leftover(at place: Int, _ isWhole: Bool) -> Outcome? {
        for (word, next) in Self.leftovers {
            let here = held[place...].prefix(word.count + next.count)
            guard (word + next).starts(with: here) else { continue }
            guard here.count < word.count + next.count else {
                hasHead = true
                return .through(place + word.count)
            }
            // Without tools, such remains are rare, so the first letters are emitted immediately.
            if !isWhole, readsCalls || here.count >= Self.minWordBytes { return .more }
        }
        for mark in Self.beginnings {
            let here = held[place...].prefix(mark.count)
            guard mark.starts(with: here) else { continue }
            guard here.count == mark.count else {
                if isWhole { continue }
                return .more
            }
            let end = place + mark.count
            let isHead = mark.count == 3 ? beginsText(from: end, isWhole) : isHead(endingAt: end, isWhole)
            guard let isHead else { return .more }
            guard isHead else { continue }
            hasHead = true
            return .through(end)
        }
        return nil
    }

    /// Whether an answer follows a mark at its beginning, rather than a sentence about the mark or other elements;
    /// `nil` if more input is needed.
    func isHead(endingAt end: Int, _ isWhole: Bool) -> Bool? {
        guard let next = held[end...].first else { return isWhole ? true : nil }
        if next == 0x3C || next == 0x5B { return false }
        guard next == 0x20 else { return true }
        guard let letter = held[(end + 1)...].first else { return isWhole ? true : nil }
        return !(0x61...0x7A ~= letter) && letter != 0x2D
    }

    /// Whether the `<s>` before this position begins the text, rather than words that are struck out; `nil` if more
    /// input is needed.
    private func beginsText(from start: Int, _ isWhole: Bool) -> Bool? {
        let line = held[start...].prefix(Self.maxLineBytes)
        if line.starts(with: "[INST]".utf8) { return false }
        let end = Array("</s>".utf8)
        if let found = line.indices.first(where: { line[$0...].starts(with: end) }) {
            let words = line[..<found]
            let isSentence =
                words.contains(0x20) || words.contains(0x0A) || words.last.map { ".!?".utf8.contains($0) } == true
            guard isSentence else { return false }
            switch EndOfText.following(held, found + end.count, isWhole) {
            case .more: return nil
            case .nothing, .others: return true
            case .mark, .words: return false
            }
        }
        return isWhole || line.count == Self.maxLineBytes ? true : nil
    }
}
