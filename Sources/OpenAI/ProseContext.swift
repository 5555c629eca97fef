/// Tells marks that mean something from those that a sentence is about, by what stands around them.
enum ProseContext {
    /// What stands before a mark in its line.
    enum Before: Sendable, Equatable {
        case nothing
        /// The end of a sentence, or a word that the mark is stuck to.
        case end
        case colon
        /// A word of a sentence that goes on, or what opens a bracket.
        case word
        /// The sign of a quotation.
        case quotation
        /// A line before that ends in a colon.
        case example
    }

    /// Bytes of a thought that is an example.
    private static let longestExample = 200
    private static let openers = Set("([{\"'`*_/|<=“‘«„‚「『（【-–—&,+~、，")
    private static let ends = Set(".!?…。！？;；)）]>}】」』”")
    private static let goingOn = Set(".,;:!?)]}、，。；：！？）」』”’")
    private static let connecting: Set<String> = [
        "and", "or", "to", "/", "...", "…", ",", "&", "und", "oder", "et", "ou", "y", "o", "和", "或", "与", "through",
    ]

    /// What stands at the end of a text.
    static func before(_ text: String) -> Before {
        var hasBlank = false
        let line = text.suffix(32).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).last ?? ""
        if line.contains(">"), line.allSatisfy({ $0 == ">" || $0 == " " }) { return .quotation }
        for character in text.reversed() {
            if character == " " || character == "\t" {
                hasBlank = true
            } else if character.isNewline {
                return .nothing
            } else if openers.contains(character) {
                return .word
            } else if !hasBlank {
                // Some languages have no blanks between words.
                return character.isLetter && !character.isASCII && !character.isCased ? .word : .end
            } else if character == ":" || character == "：" {
                return .colon
            } else {
                let isWord = character.isLetter || character.isNumber || character.isASCII
                return ends.contains(character) || !isWord ? .end : .word
            }
        }
        return .nothing
    }

    /// Whether what stands between marks is a thought, or the marks are what a sentence is about.
    ///
    /// - Parameters:
    ///   - before: what stands before the first mark.
    ///   - end: behind the second.
    /// - Returns: `nil` where more has to come to know.
    static func isThought(
        _ content: ArraySlice<UInt8>, _ before: Before, _ text: [UInt8], _ end: Int, _ isWhole: Bool
    ) -> Bool? {
        if content.count < 16 {
            let words = String(decoding: content, as: UTF8.self).lowercased().split(whereSeparator: \.isWhitespace)
            if words.count == 1, words.first.map({ connecting.contains(String($0)) }) == true { return false }
        }
        if before == .example { return content.count > longestExample }
        guard before != .nothing else {
            // `<think> begins a thought, </think> ends it.`
            guard isSentence(content) else { return true }
            return follows(text, end, isWhole)
        }
        if before == .word {
            guard let first = content.first, mayBeginThought(first) else { return false }
            // Within a sentence no word is stuck to a mark that it is about.
            if first != 0x0A, first != 0x0D {
                guard end < text.count else { return isWhole ? false : nil }
                return 0x41...0x5A ~= text[end] || 0x30...0x39 ~= text[end] || text[end] == 0x0A
            }
        }
        return follows(text, end, isWhole, before, isSpaced: content.first == 0x20)
    }

    /// Whether what stands behind a mark at the beginning of a line goes on as a sentence about the mark.
    static func isSentence(_ text: ArraySlice<UInt8>) -> Bool {
        guard text.first == 0x20, let letter = text.dropFirst().first else { return false }
        return (0x61...0x7A ~= letter || [0x2D, 0x3D, 0xE2].contains(letter))
            && !text.contains { $0 == 0x0A || $0 == 0x0D }
    }

    /// Whether the end of a thought is what the thought is about; `nil` where more has to come to know.
    static func isMentionedEnd(_ text: [UInt8], _ start: Int, _ end: Int, _ isWhole: Bool) -> Bool? {
        guard start > 0, end < text.count else { return isWhole || start == 0 ? false : nil }
        let before = text[start - 1]
        let next = text[end]
        if [0x60, 0x22, 0x27].contains(before) { return next == before }
        let isSpaced = before == 0x20 && start > 1 && (0x61...0x7A ~= text[start - 2] || text[start - 2] == 0x2C)
        guard isSpaced, next == 0x20 || ".,;)?".utf8.contains(next) else { return false }
        guard end + 1 < text.count else { return isWhole ? false : nil }
        let letter = text[end + 1]
        return next == 0x20 ? 0x61...0x7A ~= letter : letter <= 0x20
    }

    /// Whether a text has the beginning that belongs to the end of a thought.
    static func hasBeginning(of end: Mark, _ text: String) -> Bool {
        let bytes = Array(text.utf8)
        var at = 0
        while let found = bytes[at...].firstIndex(where: Mark.mayBegin) {
            at = found + 1
            if case .mark(let mark) = Mark.read(bytes, at: found, isWhole: true), mark.kind == .thought, !mark.isEnd,
                end.closes(mark)
            {
                return true
            }
        }
        return false
    }

    // MARK: - Ends of texts

    /// Whether a text names marks that end texts, or begin them.
    static func namesEnds(_ text: String) -> Bool {
        if ["</s>", "<s>", "<eos>", "<bos>", "[INST]", "<end_of_turn>", "<start_of_turn>", "<｜"]
            .contains(where: text.contains)
        {
            return true
        }
        return text.ranges(of: "<|").contains { range in
            text[range.upperBound...].first.map { $0.isLetter && $0.isASCII } ?? false
        }
    }

    /// Whether an end of the text that stands behind these words is what they are about.
    static func isAboutEnd(_ text: String) -> Bool {
        var rest = text.suffix(64)
        var isStuck = true
        while let last = rest.last, last == " " || last == "\t" {
            rest.removeLast()
            isStuck = false
        }
        guard let last = rest.last else { return false }
        if last.isNewline {
            let before = rest.last { !$0.isWhitespace }
            return before == ":" || before == "："
        }
        // What closes a quotation or code stands behind a word, what opens it does not.
        let signs = rest.reversed().prefix { "\"'`*_|~”’»」』".contains($0) }.count
        if signs > 0 {
            guard let before = rest.dropLast(signs).last else { return true }
            if rest.hasSuffix("```") { return !isStuck }
            if rest.last == "|", !isStuck { return true }
            if before == ":" || before == "：" { return true }
            return before.isWhitespace && rest.last != "|" || "([{".contains(before)
        }
        if last == ":" || last == "：" || openers.contains(last) { return true }
        if isStuck { return last.isLetter && !last.isASCII && !last.isCased }
        if last.isMathSymbol, last != ">" { return true }
        let isWord = last.isLetter || last.isNumber || last.isASCII
        return isWord && !ends.contains(last)
    }

    /// Whether a thought may begin with a byte where a mark stands behind a word.
    static func mayBeginThought(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x0A, 0x0D, 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }

    /// Whether what follows the end of a thought is an answer, and not the rest of a sentence.
    static func follows(
        _ text: [UInt8], _ end: Int, _ isWhole: Bool, _ before: Before = .end, isSpaced: Bool = false
    ) -> Bool? {
        let next = text[end...].prefix(64).firstIndex { $0 != 0x20 && $0 != 0x09 }
        guard let next else { return text.count > end + 64 ? true : isWhole ? before != .colon : nil }
        guard let character = String(decoding: text[next..<min(next + 16, text.count)], as: UTF8.self).first else {
            return true
        }
        if character.isNewline { return true }
        if goingOn.contains(character) { return false }
        guard next > end else { return true }
        if character.isLowercase { return false }
        return !(isSpaced && character.isLetter && !character.isCased)
    }
}
