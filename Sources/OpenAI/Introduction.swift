/// Judges the words that precede a possible call: whether a model makes a call behind them, or shows one.
///
/// Words prove that a model acts only if one of their clauses says so: the model itself, as the subject or in a plan,
/// and a verb of what calls do. Everything else proves nothing, however it is worded.
enum Introduction {
    enum Stance {
        /// The model says that it acts now.
        case acts
        /// A finished sentence about something else, behind which a model's own marks are a call.
        case states
        /// Nothing shows whether a call is meant.
        case unclear
        /// An example, a refusal, a condition, or a question to the user.
        case shows
    }

    /// Judges words.
    ///
    /// - Parameters:
    ///   - content: a line without the markers of its block, or the part of it before the call.
    ///   - earlier: lines before it.
    ///   - isSameLine: whether the call follows on the same line.
    static func stance(
        of content: some Sequence<UInt8>, behind earlier: ArraySlice<[UInt8]>, isSameLine: Bool
    ) -> Stance {
        let bytes = Array(content)
        let isHeading = bytes.first == 0x23
        if isData(bytes) || isHeading && isSameLine { return .shows }
        let line = stripped(String(decoding: bytes, as: UTF8.self))
        guard line.contains(where: { $0.isLetter || $0.isNumber || !$0.isASCII }) else { return .unclear }
        let sentence = Sentence(lastSentence(line))
        if asksForLeave(String(line)) { return .shows }
        if sentence.isQuestion { return sentence.addresses ? .shows : .unclear }
        if sentence.mentions(IntroductionWords.examples) || sentence.isOfSpeaker { return .shows }
        let before = earlier.map { stripped(String(decoding: $0, as: UTF8.self)) }
        // The text is about how calls are written.
        let isExample = before.contains {
            let words = Sentence($0)
            return words.isAboutCalls && words.mentions(IntroductionWords.examples)
        }
        if isExample { return .shows }
        let asked = before.contains { asksForLeave(String($0)) }
        // A caption.
        if isSameLine, sentence.isNumbered { return .unclear }
        if let stance = sentence.stanceOfActing { return stance == .acts && asked ? .shows : stance }
        let isFinished = endsSentence(line)
        if sentence.refuses || sentence.tells || sentence.isConditional { return .shows }
        if sentence.isNeutral(isFirst: earlier.isEmpty && !isSameLine) {
            return asked ? .shows : isFinished || !isSameLine ? .acts : .unclear
        }
        guard isFinished, !isHeading else { return sentence.presents || sentence.denies ? .shows : .unclear }
        if sentence.presents || sentence.denies { return .unclear }
        let isReserved =
            sentence.isAboutCalls
            || before.contains {
                let words = Sentence($0)
                return words.isAboutCalls || words.denies || words.refuses
            }
        return sentence.isStatement && !isReserved ? asked ? .shows : .states : .unclear
    }

    /// Whether a text asks the user whether to act, or makes it depend on the user.
    static func asksForLeave(_ text: String) -> Bool {
        let text = text.lowercased()
        if IntroductionWords.leavesWithin.contains(where: text.contains) { return true }
        let words = " " + Sentence.words(text).joined(separator: " ") + " "
        return IntroductionWords.leaves.contains { words.contains(" \($0) ") }
    }

    /// Whether a line announces an example on the next ones.
    static func announcesExample(_ content: some Sequence<UInt8>) -> Bool {
        let bytes = Array(content)
        let isTitle = bytes.first == 0x23 || bytes.starts(with: [0x2A, 0x2A]) && bytes.last == 0x2A
        let line = stripped(String(decoding: bytes, as: UTF8.self))
        guard let last = line.last, isTitle || last == ":" || last == "：" else { return false }
        let sentence = Sentence(lastSentence(line))
        if isTitle { return sentence.mentions(IntroductionWords.examples) || sentence.namesForm }
        return sentence.mentions(IntroductionWords.examples)
    }

    // MARK: - Parts of a line

    /// Whether a line is one of a listing, a difference, a configuration or a terminal rather than a sentence.
    private static func isData(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first else { return false }
        if "$%@\\|=}]".utf8.contains(first) { return true }
        // A difference's line. Those with a space behind the sign are list items here.
        if (first == 0x2B || first == 0x2D), bytes.count > 1 { return true }
        if first == 0x23 {
            // A comment, or what root typed: titles begin with another letter.
            let behind = bytes.drop { $0 == 0x23 }
            return behind.first.map { $0 > 0x20 } ?? true
                || behind.first { $0 > 0x20 }.map { 0x61...0x7A ~= $0 } ?? true
        }
        let word = bytes.prefix { $0 > 0x20 && $0 != 0x3A && $0 != 0x7C && $0 != 0xE2 }
        let rest = bytes[word.endIndex...]
        let isNumber = !word.isEmpty && word.allSatisfy { 0x30...0x39 ~= $0 }
        // `3:`, `3|`, `3→`, `3<tab>`
        if isNumber, let next = rest.first, next != 0x20, next != 0x2E { return true }
        if isNumber, rest.drop(while: { $0 == 0x20 }).first.map({ $0 == 0x7C || $0 == 0xE2 }) == true { return true }
        guard rest.first == 0x3A, !word.isEmpty else { return false }
        // `notes.txt:3:`
        let digits = rest.dropFirst().prefix { 0x30...0x39 ~= $0 }
        if !digits.isEmpty, rest.dropFirst(1 + digits.count).first == 0x3A { return true }
        // `key: value`
        let name = String(decoding: word, as: UTF8.self)
        return 0x61...0x7A ~= word[word.startIndex] && name != "thought" && name.allSatisfy { $0.isASCII }
    }

    /// Removes emphasis and white space around a line, and tags and comments that end it.
    private static func stripped(_ text: String) -> Substring {
        var rest = text.drop { $0.isWhitespace || $0 == "*" || $0 == "_" || $0 == "#" }
        while let last = rest.last {
            if last.isWhitespace || last == "*" || last == "_" || last == "~" || last == "`" {
                rest.removeLast()
            } else if last == ">", let start = rest.lastIndex(of: "<"), isClosed(rest[start...]) {
                rest = rest[..<start]
            } else {
                break
            }
        }
        return rest
    }

    private static func isClosed(_ tag: Substring) -> Bool {
        tag.hasPrefix("</") || tag.hasSuffix("/>") || tag.hasSuffix("-->") || tag.hasPrefix("<|") || tag.hasPrefix("<｜")
            || ["<br>", "<hr>", "<s>", "<p>"].contains(String(tag))
    }

    private static let ends = Set(".!?…。！？．؟")
    private static let closers: [Character: Character] = [
        "\"": "\"", ")": "(", "”": "“", "»": "«", "）": "（", "」": "「", "』": "『",
    ]

    private static let abbreviations = [" i.e.", " e.g.", " vs.", " cf.", " ca.", " bzw.", " resp.", " no.", " nr."]

    private static func endsSentence(_ line: Substring) -> Bool {
        guard let last = line.last else { return false }
        let end = (" " + line.suffix(8)).lowercased()
        if abbreviations.contains(where: end.hasSuffix) { return false }
        if let opener = closers[last] {
            // What stands in brackets or quotation marks alone isn't a sentence.
            return line.dropLast().lastIndex(of: opener).map { line[..<$0].contains(where: \.isLetter) } ?? false
        }
        return ends.contains(last)
            || last.unicodeScalars.first?.properties.isEmojiPresentation == true
    }

    /// Returns the last sentence, with the sign that ends it.
    private static func lastSentence(_ line: Substring) -> Substring {
        var end = line.endIndex
        while end > line.startIndex, ends.contains(line[line.index(before: end)]) { end = line.index(before: end) }
        var place = end
        while place > line.startIndex {
            let before = line.index(before: place)
            if ends.contains(line[before]), place < end, line[place].isWhitespace || !line[before].isASCII {
                return line[place...].drop(while: \.isWhitespace)
            }
            place = before
        }
        return line
    }
}
