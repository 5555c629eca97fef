/// Interprets marks in an answer's text from their context.
extension AnswerText {
    /// Phrases that some models write before and after their thoughts, and the remains of other models' marks.
    private static let spoken = [
        ("here is my thought process:", "here is my response:"), ("analysis", "assistantfinal"),
    ].map { (Array($0.utf8), $1) }

    private static let shortestWord = 4
    /// Words left before an answer, and what must follow them.
    private static let leftovers = [("assistant", "<|channel|>"), (">>>all\n", "")].map {
        (Array($0.utf8), Array($1.utf8))
    }

    mutating func meaning(at place: Int, _ isWhole: Bool) -> Outcome {
        if !hasWords, isLineBlank, thought.isEmpty, let outcome = spokenThought(at: place, isWhole) { return outcome }
        if !hasWords, isLineBlank, readsCalls, let outcome = leftover(at: place, isWhole) { return outcome }
        if readsCalls, let outcome = unmarkedCall(at: place, isWhole) { return outcome }
        guard Mark.mayBegin(with: held[place]) else { return .no }
        switch Mark.read(held, at: place, isWhole: isWhole) {
        case .none: return .no
        case .partial: return .more
        case .mark(let mark): return meaning(of: mark, at: place, isWhole)
        }
    }

    /// Skips what a server leaves of a message head after stripping its mark.
    private func leftover(at place: Int, _ isWhole: Bool) -> Outcome? {
        for (word, next) in Self.leftovers {
            let here = held[place...].prefix(word.count + next.count)
            guard (word + next).starts(with: here) else { continue }
            guard here.count < word.count + next.count else { return .through(place + word.count) }
            if !isWhole { return .more }
        }
        return nil
    }

    private mutating func spokenThought(at place: Int, _ isWhole: Bool) -> Outcome? {
        for (begin, end) in Self.spoken {
            let here = held[place...].prefix(begin.count)
            guard here.elementsEqual(begin.prefix(here.count), by: { $0 | 0x20 == $1 | 0x20 }) else { continue }
            let behind = place + begin.count
            guard behind < held.count else {
                // Without tools, servers leave few such remains, so the first letters are emitted immediately.
                if isWhole || !readsCalls && here.count < Self.shortestWord { continue }
                return .more
            }
            // A single word counts only if the next text follows it without a space.
            guard begin.contains(0x20) || held[place] == begin[0] && 0x41...0x5A ~= held[behind] else { continue }
            beginThought(.words(end), .nothing, at: behind)
            return .changed
        }
        return nil
    }

    private var before: ProseContext.Before {
        guard isLineBlank else {
            let before = ProseContext.before(shown)
            // `<code>` introduces quoted text, as quotation marks do.
            return before == .end && shown.hasSuffix(">") && CallQuotation.opens(behind: shown.utf8) ? .word : before
        }
        let last = hasWords ? shown.suffix(64).last { !$0.isWhitespace } : nil
        return last == ":" || last == "：" ? .example : .nothing
    }

    private mutating func meaning(of mark: Mark, at place: Int, _ isWhole: Bool) -> Outcome {
        switch mark.kind {
        case .thought: return mark.isEnd ? endOfUnmarked(mark, isWhole) : beginning(of: mark, isWhole)
        case .answer:
            if mark.isEnd, let word = answerWord, mark.closes(word) {
                answerWord = nil
                return .through(mark.end)
            }
            if mark.word.hasSuffix("ofbox") {
                // Box marks directly touch their content.
                let next = held.indices.contains(mark.end) ? held[mark.end] : nil
                if next == nil, !isWhole { return .more }
                let isStuck = mark.isEnd ? shown.last?.isWhitespace == false : next.map { $0 > 0x20 } == true
                return isStuck ? .through(mark.end) : .no
            }
            guard !mark.isEnd, !thought.isEmpty || mark.hasBars, !hasWords else { return .no }
            answerWord = mark.word
            return .through(mark.end)
        case .calls, .element:
            guard readsCalls, !mark.isEnd else { return .no }
            return beginning(ofCalls: mark, at: place, isWhole)
        case .turn, .channel: return part(mark, at: place, isWhole)
        case .stop: return stop(mark, isWhole)
        // Remains of a message head.
        case .message: return mark.hasBars && !mark.isEnd && !hasWords ? .through(mark.end) : .no
        case .parameter, .key, .value, .separator, .result: return .no
        }
    }

    /// Handles an end-of-text mark: either the server forgot to strip it, or the text is about it.
    private mutating func stop(_ mark: Mark, _ isWhole: Bool) -> Outcome {
        if mark.hasBars, hasChannels { return .through(mark.end) }
        guard mark.word != "call", !ProseContext.isAboutEnd(shown) else { return .no }
        if !hasWords, mark.word != "assistant" { return mark.hasBars ? .through(mark.end) : .no }
        if mark.word == "assistant", !hasWords || isLineBlank && !mentionsEnds() {
            // The speaker's name before the text.
            return ProseContext.follows(held, mark.end, isWhole).map { $0 ? .through(mark.end) : .no } ?? .more
        }
        switch EndOfText.following(held, mark.end, isWhole) {
        case .more: return .more
        case .nothing: return mentionsEnds() ? .no : .through(mark.end)
        case .others:
            if mentionsEnds() { return .no }
            self.place = .over
            return .changed
        case .mark: return mark.hasBars && !mentionsEnds() ? .through(mark.end) : .no
        case .words:
            // `<|user|>` on a line of its own, above an invented user turn.
            guard Mark.speakers.contains(mark.word), held[mark.end] == 0x0A, !mentionsEnds() else { return .no }
            self.place = .over
            return .changed
        }
    }

    private mutating func beginning(of mark: Mark, _ isWhole: Bool) -> Outcome {
        let before = before
        if hasWords, hasMentions { return .no }
        if before == .quotation {
            hasMentions = true
            return .no
        }
        if before == .word {
            guard let next = held[mark.end...].first else { return isWhole ? .no : .more }
            if !ProseContext.mayBeginThought(next) {
                hasMentions = true
                return .no
            }
        }
        beginThought(.mark(mark), before, at: mark.end)
        return .changed
    }

    private mutating func endOfUnmarked(_ mark: Mark, _ isWhole: Bool) -> Outcome {
        guard thought.isEmpty, !hasMentions else { return .no }
        guard hasWords else { return .through(mark.end) }
        // A text that mentions the begin mark, in code for example, mentions the end mark as well.
        if ProseContext.hasBeginning(of: mark, shown) {
            hasMentions = true
            return .no
        }
        if !isLineBlank {
            guard before != .word, before != .quotation else { return .no }
            guard let follows = ProseContext.follows(held, mark.end, isWhole) else { return .more }
            guard follows else { return .no }
        }
        endUnmarkedThought(at: mark.end)
        return .through(mark.end)
    }

    // MARK: - Calls

    /// Whether a call at this position would be one that the text merely quotes.
    private var isQuoted: Bool { !isLineBlank && CallQuotation.opens(behind: shown.utf8) }

    /// Whether the text ends with a mark that only quotes a call.
    private var followsQuotedMark: Bool {
        quotedMark.map { mark in shown.suffix(200).lastIndex { !$0.isWhitespace }.map { shown[...$0].hasSuffix(mark) } }
            == true
    }

    private mutating func beginning(ofCalls mark: Mark, at place: Int, _ isWhole: Bool) -> Outcome {
        guard let isCall = CallBeginning.follows(mark, in: held, tools, isWhole, isInLine: !isLineBlank) else {
            return .more
        }
        guard isCall, !isQuoted else {
            if !isLineBlank { quotedMark = String(decoding: held[place..<mark.end], as: UTF8.self) }
            return .no
        }
        self.place = .calls(isSure: isLineBlank)
        return .changed
    }

    /// Handles a call without any marks.
    private mutating func unmarkedCall(at place: Int, _ isWhole: Bool) -> Outcome? {
        if !isLineBlank {
            // Text directly after a mark that was emitted as text belongs to that mark.
            guard held[place] == 0x7B, [.end, .colon].contains(before), !isQuoted,
                shown.last.map({ $0 != "]" && $0 != ">" }) ?? true
            else { return nil }
        }
        guard !followsQuotedMark else { return nil }
        switch CallBeginning.isUnmarked(held, at: place, tools, isWhole, mayBePython: !hasWords) {
        case nil: return .more
        case true?:
            self.place = .calls(isSure: false)
            return .changed
        case false?: return nil
        }
    }

    // MARK: - Parts of messages

    /// Handles the beginning of a message part: `<|start|>assistant<|channel|>final<|message|>`.
    private mutating func part(_ mark: Mark, at place: Int, _ isWhole: Bool) -> Outcome {
        guard mark.hasBars, !mark.isEnd, mark.kind != .turn || hasChannels || !mentionsEnds() else { return .no }
        let head: MessageHead
        switch MessageHead.read(held, at: mark.end, of: mark.kind, isWhole) {
        case .more: return .more
        case .none: return .no
        case .head(let read): head = read
        }
        if head.recipient != nil {
            guard readsCalls, !isQuoted else { return .no }
            self.place = .calls(isSure: isLineBlank)
            return .changed
        }
        hasChannels = true
        isLineBlank = true
        guard head.isThought else { return .through(head.end) }
        start = head.end
        beginThought(.part, .nothing, at: head.end)
        return .changed
    }
}
