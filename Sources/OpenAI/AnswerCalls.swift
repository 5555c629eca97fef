/// Finds the beginnings of possible calls in an answer's text.
extension AnswerText {
    mutating func beginning(ofCalls mark: Mark, at place: Int, _ isWhole: Bool) -> Outcome {
        guard let isCall = CallBeginning.follows(mark, in: held, tools, isWhole, isInLine: !isLineBlank) else {
            return .more
        }
        guard isCall, verdict(.marked, at: place) != .quoted else { return .no }
        return beginCalls(at: place, isSure: isLineBlank)
    }

    /// Handles a call without any marks.
    mutating func unmarkedCall(at place: Int, _ isWhole: Bool) -> Outcome? {
        if !isLineBlank {
            // Text directly after a mark that was emitted as text belongs to that mark.
            guard held[place] == 0x7B, [.end, .colon].contains(before),
                shown.last.map({ $0 != "]" && $0 != ">" }) ?? true
            else { return nil }
        }
        switch CallBeginning.isUnmarked(held, at: place, tools, isWhole, mayBePython: !hasWords) {
        case nil: return .more
        case true?:
            guard verdict(.bare, at: place) != .quoted else { return nil }
            return beginCalls(at: place, isSure: false)
        case false?: return nil
        }
    }

    /// Holds the text back from a position on.
    mutating func beginCalls(at place: Int, isSure: Bool) -> Outcome {
        blanks = Array(held[start..<max(start, place)])
        context.add(blanks)
        self.place = .calls(isSure: isSure)
        start = max(start, place)
        return .changed
    }

    /// The verdict about a call at a position.
    func verdict(_ form: CallPolicy.Form, at place: Int) -> CallPolicy.Verdict {
        var context = context
        context.add(held[start..<max(start, place)])
        return policy.verdict(form, in: context)
    }
}
