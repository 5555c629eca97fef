/// Interprets marks in an answer's text from their context.
extension AnswerText {
    /// Phrases that some models write before and after their thoughts, and the remains of other models' marks.
    private static let spoken = [
        ("here is my thought process:", "here is my response:"), ("analysis", "assistantfinal"),
    ].map { (Array($0.utf8), $1) }

    static let minWordBytes = 4

    mutating func meaning(at place: Int, _ isWhole: Bool) -> Outcome {
        if !hasWords, isLineBlank, thought.isEmpty, let outcome = spokenThought(at: place, isWhole) { return outcome }
        if !hasWords, isLineBlank, let outcome = leftover(at: place, isWhole) { return outcome }
        if readsCalls, let outcome = unmarkedCall(at: place, isWhole) { return outcome }
        guard Mark.mayBegin(with: held[place]) else { return .no }
        switch Mark.read(held, at: place, isWhole: isWhole) {
        case .none: return .no
        case .partial: return .more
        case .mark(let mark): return meaning(of: mark, at: place, isWhole)
        }
    }

    private mutating func spokenThought(at place: Int, _ isWhole: Bool) -> Outcome? {
        for (begin, end) in Self.spoken {
            let here = held[place...].prefix(begin.count)
            guard here.elementsEqual(begin.prefix(here.count), by: { $0 | 0x20 == $1 | 0x20 }) else { continue }
            let behind = place + begin.count
            guard behind < held.count else {
                // Without tools, servers leave few such remains, so the first letters are emitted immediately.
                if isWhole || !readsCalls && here.count < Self.minWordBytes { continue }
                return .more
            }
            // A single word counts only if the next text follows it without a space.
            guard begin.contains(0x20) || held[place] == begin[0] && 0x41...0x5A ~= held[behind] else { continue }
            beginThought(.words(end), .nothing, at: behind)
            return .changed
        }
        return nil
    }

    var before: ProseContext.Before {
        guard isLineBlank else {
            let before = ProseContext.before(shown)
            // `<code>` introduces quoted text, as quotation marks do.
            return before == .end && shown.hasSuffix(">") && context.isInElement ? .word : before
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
            guard !mark.isEnd, !hasWords else { return .no }
            if thought.isEmpty, !mark.hasBars {
                guard mark.word == "answer", let isHead = isHead(endingAt: mark.end, isWhole) else {
                    return mark.word == "answer" ? .more : .no
                }
                guard isHead else { return .no }
            }
            answerWord = mark.word
            hasHead = true
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
        guard !hasMentions else { return .no }
        // Without words it may also be written twice.
        guard hasWords else { return .through(mark.end) }
        guard thought.isEmpty else { return .no }
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
            guard readsCalls, verdict(.marked, at: place) != .quoted else { return .no }
            return beginCalls(at: place, isSure: isLineBlank)
        }
        hasChannels = true
        isLineBlank = true
        guard head.isThought else { return .through(head.end) }
        start = head.end
        beginThought(.part, .nothing, at: head.end)
        return .changed
    }
}
