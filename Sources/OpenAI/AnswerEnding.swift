/// Processes the end of an answer's text.
extension AnswerText {
    /// The result of reaching the end.
    struct Ending: Sendable {
        /// The text not yet emitted.
        var told = ""
        var calls: [ToolCall] = []
        /// Whether there is a call that cannot be parsed.
        var hasUnreadCall = false
    }

    /// Maximum number of unterminated thoughts to process: each one may scan the whole text.
    private static let maxUnended = 4
    /// Maximum number of possible call beginnings to try in such a thought.
    private static let maxTries = 16

    /// Processes the end of the text.
    mutating func finish() -> Ending {
        var ending = Ending(told: advance(isWhole: true))
        var unended = 0
        while true {
            switch place {
            case .text, .over:
                if readsCalls, ending.calls.isEmpty, !ending.hasUnreadCall {
                    ending.hasUnreadCall = UnreadCall.ends(shown, tools)
                }
                return ending
            case .thought(let end, let before):
                unended += 1
                if unended <= Self.maxUnended {
                    endUnended(end, before, &ending)
                } else {
                    place = .text
                    tell(upTo: held.count, &ending.told)
                }
            case .calls(let isSure):
                let reading = WrittenCalls.read(
                    Array(held[start...]), tools, isSure: isSure, behind: CallQuotation.line(of: shown.utf8))
                ending.hasUnreadCall = reading.calls.isEmpty && reading.isUnread
                take(reading, &ending)
            }
        }
    }

    /// Adopts the parsed calls as those of the answer, and emits the text around them.
    private mutating func take(_ reading: WrittenCalls.Reading, _ ending: inout Ending) {
        ending.calls = reading.calls
        held = reading.text
        start = 0
        place = .text
        isLineBlank = true
        readsCalls = false
        ending.told += advance(isWhole: true)
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
            ending.told += advance(isWhole: true)
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
            let reading = WrittenCalls.read(Array(held[found...]), tools, isSure: false, behind: [])
            guard !reading.calls.isEmpty, reading.text.isEmpty else { return false }
            thought += String(decoding: held[start..<found], as: UTF8.self)
            take(reading, &ending)
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
        var tries = 0
        while readsCalls, tries < Self.maxTries, let found = held[at...].firstIndex(where: Mark.mayBegin) {
            at = found + 1
            guard CallBeginning.isMarked(held, at: found, tools) else { continue }
            tries += 1
            let line = CallQuotation.line(of: held[start..<found])
            let reading = WrittenCalls.read(Array(held[found...]), tools, isSure: false, behind: line)
            guard !reading.calls.isEmpty, reading.text.isEmpty else { continue }
            var contentStart = start
            if case .mark(let mark) = end { contentStart += mark.length }
            thought += String(decoding: held[contentStart..<found], as: UTF8.self)
            return take(reading, &ending)
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
        tell(upTo: held.count, &ending.told)
    }
}
