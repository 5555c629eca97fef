/// Decides whether a call that stands in the text of an answer is run or only shown. No other place decides it.
///
/// A call is run only where a model makes one: on its own lines, outside everything that quotes, with nothing behind
/// it, and either first or directly behind words that say what the model does now. Behind a finished sentence that says
/// something else, only a model's own marks are proof. Wherever this isn't clear, the call is shown, the user is told
/// so, and the model is asked: a call that was meant costs a turn, and one that wasn't is never run.
struct CallPolicy: Sendable {
    /// How a call is written.
    enum Form: Sendable {
        /// With a model's own marks, which nothing else uses.
        case marked
        /// In any other way: as an object, with a label, as code. It may also be data.
        case bare
    }

    enum Verdict: Sendable {
        case run
        /// Shown. If it ends the text, it may be meant: the user and the model are told.
        case unclear
        /// Shown as an example, declined, or made to depend on what the user says. The user is told if it ends the text.
        case shown
        /// Part of the text.
        case quoted
    }

    /// Whether the server has delivered calls of this model as such. Then what it writes as text is hardly a call.
    let hasToolChannel: Bool
    /// What the model has read. A call that stands there is never run.
    var readTexts = ReadTexts()

    /// Decides about a call of which the context is everything before it.
    func verdict(_ form: Form, in context: TextContext) -> Verdict {
        if context.isInCode { return .quoted }
        let prefix = LinePrefix(context.line[...])
        let isAtStart = prefix.isBlank
        if context.isInQuotation || context.isInElement { return isAtStart ? .shown : .quoted }
        let previous = LinePrefix(context.previous[...])
        // A block quotation goes on over the lines of its paragraph.
        if prefix.isQuote || previous.isQuote && context.isAdjacent { return .quoted }
        if context.isLineLong, isAtStart || form != .marked { return .unclear }
        guard isAtStart else { return verdict(form, behind: prefix, in: context) }
        if prefix.indent >= 4 { return .shown }
        if prefix.isItem || hasToolChannel, form != .marked || prefix.isItem && hasToolChannel { return .unclear }
        if prefix.isOfEnumeration { return .unclear }
        if !context.hasWords { return .run }
        if context.isExample { return .shown }
        // Behind a code block, a quotation or a table, the call may be the next thing that is shown.
        if context.isBehindFence || previous.isQuote || previous.content.first == 0x7C { return .unclear }
        return verdict(form, behind: previous.content, in: context, isSameLine: false)
    }

    /// Decides about a call that follows words on its line.
    private func verdict(_ form: Form, behind prefix: LinePrefix, in context: TextContext) -> Verdict {
        let words = prefix.content
        if words.first == 0x7C || Self.hasOpenBracket(words) || Self.isBehindQuote(words) { return .quoted }
        // A title, or an emphasized word, introduces what follows it.
        var last = words
        while let byte = last.last, byte <= 0x20 { last.removeLast() }
        let isStuck = last.endIndex == words.endIndex
        if let sign = last.last, sign == 0x2A || sign == 0x5F, isStuck || last.suffix(6).contains(0x3A) {
            return .quoted
        }
        if last.last == 0x3A, let sign = last.dropLast().last, sign == 0x2A || sign == 0x5F { return .quoted }
        if prefix.isItem, last.last == 0x3A { return .quoted }
        let verdict = context.isExample ? .shown : verdict(form, behind: words, in: context, isSameLine: true)
        guard form == .marked, !hasToolChannel, !prefix.isItem, prefix.indent < 4 else {
            return verdict == .shown ? .shown : .unclear
        }
        return verdict
    }

    /// Decides about a call by the words that introduce it.
    private func verdict(
        _ form: Form, behind words: ArraySlice<UInt8>, in context: TextContext, isSameLine: Bool
    ) -> Verdict {
        // The last of the earlier lines is the one that introduces the call.
        let earlier = isSameLine ? context.earlier[...] : context.earlier.dropLast()
        switch Introduction.stance(of: words, behind: earlier, isSameLine: isSameLine) {
        case .acts: return .run
        case .states: return form == .marked ? .run : .unclear
        case .unclear: return .unclear
        case .shows: return .shown
        }
    }

    private static func hasOpenBracket(_ words: ArraySlice<UInt8>) -> Bool {
        var open: [UInt8] = []
        for byte in words {
            switch byte {
            case 0x28, 0x5B, 0x7B: open.append(byte)
            case 0x29: if open.last == 0x28 { open.removeLast() }
            case 0x5D: if open.last == 0x5B { open.removeLast() }
            case 0x7D: if open.last == 0x7B { open.removeLast() }
            default: break
            }
        }
        return !open.isEmpty
    }

    /// Whether the words end with a single quotation mark that opens a quotation.
    private static func isBehindQuote(_ words: ArraySlice<UInt8>) -> Bool {
        let text = String(decoding: words.suffix(8), as: UTF8.self)
        guard let last = text.last, "'‘‚".contains(last) else { return false }
        guard last == "'" else { return true }
        return text.dropLast().last.map { $0.isWhitespace || "([{".contains($0) } ?? true
    }
}
