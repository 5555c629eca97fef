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
    }

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
        guard before != .nothing else { return true }
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
