/// Distinguishes marks that have an effect from those that a sentence only mentions, by the surrounding text.
enum ProseContext {
    /// What precedes a mark on its line.
    enum Before: Sendable, Equatable {
        case nothing
        /// The end of a sentence, or a word directly before the mark.
        case end
        case colon
        /// A word of an unfinished sentence, or an opening bracket.
        case word
        /// A block quotation marker.
        case quotation
        /// A previous line that ends with a colon.
        case example
    }

    /// Maximum length of a thought that is only an example, in bytes.
    private static let maxExampleBytes = 200
    private static let openers = Set("([{\"'`*_/|<=“‘«„‚「『（【-–—&,+~、，")
    private static let ends = Set(".!?…。！？;；)）]>}】」』”")
    private static let goingOn = Set(".,;:!?)]}、，。；：！？）」』”’")
    private static let connecting: Set<String> = [
        "and", "or", "to", "/", "...", "…", ",", "&", "und", "oder", "et", "ou", "y", "o", "和", "或", "与", "through",
    ]

    /// Classifies the end of a text.
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
                // Some languages don't put spaces between words.
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

    /// Whether the text between two marks is a thought, or the marks are only mentioned.
    ///
    /// - Parameters:
    ///   - before: what precedes the first mark.
    ///   - end: the position after the second mark.
    /// - Returns: `nil` if more input is needed.
    static func isThought(
        _ content: ArraySlice<UInt8>, _ before: Before, _ text: [UInt8], _ end: Int, _ isWhole: Bool
    ) -> Bool? {
        if content.count < 16 {
            let words = String(decoding: content, as: UTF8.self).lowercased().split(whereSeparator: \.isWhitespace)
            if words.count == 1, words.first.map({ connecting.contains(String($0)) }) == true { return false }
        }
        if before == .example { return content.count > maxExampleBytes }
        guard before != .nothing else {
            // For example: `<think> begins a thought, </think> ends it.`
            guard isSentence(content) else { return true }
            return follows(text, end, isWhole)
        }
        if before == .word {
            guard let first = content.first, mayBeginThought(first) else { return false }
            // A mentioned mark has a space between it and the next word of the sentence.
            if first != 0x0A, first != 0x0D {
                guard end < text.count else { return isWhole ? false : nil }
                return 0x41...0x5A ~= text[end] || 0x30...0x39 ~= text[end] || text[end] == 0x0A
            }
        }
        return follows(text, end, isWhole, before, isSpaced: content.first == 0x20)
    }

    /// Whether the text after a mark at the start of a line continues as a sentence about the mark.
    static func isSentence(_ text: ArraySlice<UInt8>) -> Bool {
        guard text.first == 0x20, let letter = text.dropFirst().first else { return false }
        return (0x61...0x7A ~= letter || [0x2D, 0x3D, 0xE2].contains(letter))
            && !text.contains { $0 == 0x0A || $0 == 0x0D }
    }

    /// Whether an end mark within a thought is only mentioned there; `nil` if more input is needed.
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

    /// Whether a text contains the begin mark that matches an end mark.
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

    // MARK: - End-of-text marks

    /// Whether a text mentions marks that begin or end texts.
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

    /// Whether the end-of-text mark that follows these words is only mentioned by them.
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
        // Closing quotation or code marks follow a word, opening ones don't.
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

    /// Whether a thought may start with this byte if its mark follows a word.
    static func mayBeginThought(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x0A, 0x0D, 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }

    /// Whether an answer follows the end of a thought, rather than the rest of a sentence.
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
