/// What marks in an answer's text mean where they stand.
extension AnswerText {
    /// Words that some models write before their thoughts and behind them, and what the marks of others leave of
    /// themselves.
    private static let spoken = [
        ("here is my thought process:", "here is my response:"), ("analysis", "assistantfinal"),
    ].map { (Array($0.utf8), $1) }

    mutating func meaning(at place: Int, _ isWhole: Bool) -> Outcome {
        if !hasWords, isLineBlank, thought.isEmpty, let outcome = spokenThought(at: place, isWhole) { return outcome }
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
                if isWhole || here.count < CallBeginning.shortestWord { continue }
                return .more
            }
            // One word alone must be stuck to what follows.
            guard begin.contains(0x20) || held[place] == begin[0] && 0x41...0x5A ~= held[behind] else { continue }
            beginThought(.words(end), .nothing, at: behind)
            return .changed
        }
        return nil
    }

    private var before: ProseContext.Before { isLineBlank ? .nothing : ProseContext.before(shown) }

    private mutating func meaning(of mark: Mark, at place: Int, _ isWhole: Bool) -> Outcome {
        switch mark.kind {
        case .thought: return mark.isEnd ? endOfUnmarked(mark, isWhole) : beginning(of: mark, isWhole)
        case .answer:
            if mark.isEnd, let word = answerWord, mark.closes(word) {
                answerWord = nil
                return .through(mark.end)
            }
            guard !mark.isEnd, !thought.isEmpty, !hasWords else { return .no }
            answerWord = mark.word
            return .through(mark.end)
        case .calls, .element:
            guard readsCalls, !mark.isEnd else { return .no }
            return beginning(ofCalls: mark, isWhole)
        case .turn, .channel: return part(mark, at: place, isWhole)
        case .stop:
            guard mark.hasBars else { return stop(mark, isWhole) }
            if hasChannels { return .through(mark.end) }
            // Those that a server forgot to cut off.
            guard before != .word, mark.word != "call" else { return .no }
            guard let next = held[mark.end...].prefix(64).first(where: { $0 > 0x20 }) else {
                return isWhole || held.count > mark.end + 64 ? .through(mark.end) : .more
            }
            return next == 0x3C ? .through(mark.end) : .no
        case .parameter, .key, .value, .message, .separator, .result: return .no
        }
    }

    /// The end of a text in words that may be a person's.
    private func stop(_ mark: Mark, _ isWhole: Bool) -> Outcome {
        guard ["s", "endofturn"].contains(mark.word), before != .word, !shown.contains("<s>") else { return .no }
        guard held[mark.end...].prefix(64).allSatisfy({ $0 <= 0x20 }), held.count <= mark.end + 64 else { return .no }
        return isWhole ? .through(mark.end) : .more
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
        if !isLineBlank {
            guard before != .word, before != .quotation else { return .no }
            guard let follows = ProseContext.follows(held, mark.end, isWhole) else { return .more }
            guard follows else { return .no }
        }
        endUnmarkedThought(at: mark.end)
        return .through(mark.end)
    }

    // MARK: - Calls

    /// Whether a call here would be one that the text quotes.
    private var isQuoted: Bool { !isLineBlank && CallQuotation.opens(behind: shown.utf8) }

    private mutating func beginning(ofCalls mark: Mark, _ isWhole: Bool) -> Outcome {
        guard let isCall = CallBeginning.follows(mark, in: held, tools, isWhole, isInLine: !isLineBlank) else {
            return .more
        }
        guard isCall, !isQuoted else { return .no }
        place = .calls(isSure: isLineBlank)
        return .changed
    }

    /// A call without any marks.
    private mutating func unmarkedCall(at place: Int, _ isWhole: Bool) -> Outcome? {
        guard isLineBlank || held[place] == 0x7B && [.end, .colon].contains(before) && !isQuoted else { return nil }
        switch CallBeginning.isUnmarked(held, at: place, hasWords ? [] : tools, isWhole) {
        case nil: return .more
        case true?:
            self.place = .calls(isSure: false)
            return .changed
        case false?: return nil
        }
    }

    // MARK: - Parts of messages

    /// What begins a part of a message: `<|start|>assistant<|channel|>final<|message|>`.
    private mutating func part(_ mark: Mark, at place: Int, _ isWhole: Bool) -> Outcome {
        guard mark.hasBars, !mark.isEnd else { return .no }
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
