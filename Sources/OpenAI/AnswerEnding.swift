/// What the end of an answer's text brings.
extension AnswerText {
    /// What the end brings.
    struct Ending: Sendable {
        /// What is to be told yet.
        var told = ""
        var calls: [ToolCall] = []
        /// Whether there is a call that cannot be read.
        var hasUnreadCall = false
    }

    /// Thoughts without an end that are looked at: each may take as long as the whole text.
    private static let maxUnended = 4
    /// Beginnings of calls in such a thought that are looked at.
    private static let maxTries = 16

    /// Takes in the end.
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

    /// Takes the calls that were read for those of the answer, and tells what stood around them.
    private mutating func take(_ reading: WrittenCalls.Reading, _ ending: inout Ending) {
        ending.calls = reading.calls
        held = reading.text
        start = 0
        place = .text
        isLineBlank = true
        readsCalls = false
        ending.told += advance(isWhole: true)
    }

    /// Ends a thought with the end of another kind, which some models write.
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

    /// Ends a thought in words where calls follow it.
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

    /// A thought whose end never came.
    private mutating func endUnended(_ end: ThoughtEnd, _ before: ProseContext.Before, _ ending: inout Ending) {
        if case .words = end, readsCalls, endAtCalls(&ending) { return }
        // A model may call a tool in the middle of its thoughts. What it goes on to think behind a call, it thinks of it.
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
