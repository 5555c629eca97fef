/// Processes the end of an answer's text.
extension AnswerText {
    /// The result of reaching the end.
    struct Ending: Sendable {
        /// The text not yet emitted.
        var emitted = ""
        var calls: [ChatToolCall] = []
        /// Whether there is a call that isn't run.
        var hasUnreadCall = false
        /// Whether that call may be meant.
        var hasUnclearCall = false
    }

    /// Maximum number of unterminated thoughts to process: each one may scan the whole text.
    private static let maxUnended = 4
    /// Length in characters of the end of the text in which a model asks the user.
    private static let askedLength = 4000
    /// Maximum number of possible call beginnings to try in such a thought.
    private static let maxTries = 16

    /// Processes the end of the text.
    mutating func finish() -> Ending {
        var ending = Ending(emitted: advance(isWhole: true))
        var unended = 0
        while true {
            switch place {
            case .text, .over:
                if readsCalls, ending.calls.isEmpty, !ending.hasUnreadCall { findUnreadCall(&ending) }
                // A model that asks the user must not be told to act.
                if ending.hasUnclearCall, Introduction.asksForLeave(String(shown.suffix(Self.askedLength))) {
                    ending.hasUnclearCall = false
                }
                return ending
            case .thought(let end, let before):
                unended += 1
                if unended <= Self.maxUnended {
                    endUnended(end, before, &ending)
                } else {
                    place = .text
                    emit(upTo: held.count, &ending.emitted)
                }
            case .calls(let isSure):
                let reading = WrittenCalls.read(
                    Array(held[start...]), tools, isSure: isSure, behind: context, policy)
                ending.hasUnreadCall = reading.calls.isEmpty && reading.isUnread
                ending.hasUnclearCall = reading.calls.isEmpty && reading.isUnclear
                apply(reading, &ending)
            }
        }
    }

    /// Notes a call at the end of the text in a form that isn't read.
    private func findUnreadCall(_ ending: inout Ending) {
        guard let call = UnreadCall.atEnd(of: shown, tools) else { return }
        ending.hasUnreadCall = true
        var before = TextContext()
        before.add(call.before)
        ending.hasUnclearCall =
            policy.verdict(.bare, in: before) != .shown
            && !ReadTexts.areRepeated([], call.source, in: policy.readTexts.compared())
    }

    /// Adopts the parsed calls as those of the answer, and emits the text around them.
    private mutating func apply(_ reading: WrittenCalls.Reading, _ ending: inout Ending) {
        ending.calls = reading.calls
        held = (reading.calls.isEmpty ? blanks : []) + reading.text
        blanks = []
        start = 0
        place = .text
        isLineBlank = true
        readsCalls = false
        ending.emitted += advance(isWhole: true)
    }

    /// Ends a thought at an end mark of another kind, which some models write.
    private mutating func endOtherwise(_ begin: Mark, _ ending: inout Ending) -> Bool {
        var at = start + begin.length
        let contentStart = at
        while let found = held[at...].firstIndex(where: Mark.mayBegin) {
            at = found + 1
            guard case .mark(let mark) = Mark.read(held, at: found, isWhole: true), mark.kind == .thought, mark.isEnd
            else { continue }
            thought += String(decoding: held[contentStart..<found], as: UTF8.self)
            start = mark.end
            place = .text
            isLineBlank = true
            ending.emitted += advance(isWhole: true)
            return true
        }
        return false
    }

    /// Ends a thought without marks at the calls that follow it.
    private mutating func endAtCalls(_ ending: inout Ending) -> Bool {
        let head = Array("assistantcommentary to=".utf8)
        var at = start
        while let found = held[at...].firstIndex(of: head[0]) {
            at = found + 1
            guard held[found...].starts(with: head) else { continue }
            let reading = WrittenCalls.read(Array(held[found...]), tools, isSure: false, behind: TextContext(), policy)
            guard !reading.calls.isEmpty, reading.text.isEmpty else { return false }
            thought += String(decoding: held[start..<found], as: UTF8.self)
            apply(reading, &ending)
            return true
        }
        return false
    }

    /// Handles a thought whose end never came.
    private mutating func endUnended(_ end: ThoughtEnd, _ before: ProseContext.Before, _ ending: inout Ending) {
        if case .words = end, readsCalls, endAtCalls(&ending) { return }
        // A model may call a tool in the middle of its thoughts. What it writes after the call is its guess at the
        // result.
        var at = start
        if case .mark(let mark) = end { at += mark.length }
        var behind = TextContext()
        var added = at
        var tries = 0
        while readsCalls, tries < Self.maxTries, let found = held[at...].firstIndex(where: Mark.mayBegin) {
            behind.add(held[added..<found])
            added = found
            at = found + 1
            guard CallBeginning.isMarked(held, at: found, tools) else { continue }
            tries += 1
            let reading = WrittenCalls.read(Array(held[found...]), tools, isSure: false, behind: behind, policy)
            guard !reading.calls.isEmpty, reading.text.isEmpty else { continue }
            var contentStart = start
            if case .mark(let mark) = end { contentStart += mark.length }
            thought += String(decoding: held[contentStart..<found], as: UTF8.self)
            return apply(reading, &ending)
        }
        if case .mark(let mark) = end, before == .nothing, endOtherwise(mark, &ending) { return }
        var isText = hasWords
        var length = 0
        if case .words = end { isText = true }
        if case .mark(let mark) = end { isText = isText || ProseContext.isSentence(held[(start + mark.length)...]) }
        if case .mark(let mark) = end { length = mark.length }
        place = .text
        guard isText else {
            thought += String(decoding: held[(start + length)...], as: UTF8.self)
            start = held.count
            return
        }
        emit(upTo: held.count, &ending.emitted)
    }
}
