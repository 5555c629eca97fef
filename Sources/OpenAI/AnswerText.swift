/// Incremental filter for the text of an answer: separates what is meant for the reader from thoughts between marks
/// (`<think>…</think>`) and from tool calls that the model's server left as text.
///
/// A mark may occur anywhere. In code, between backticks or within a sentence it is only mentioned: the surrounding
/// text decides (``ProseContext``).
struct AnswerText: Sendable {
    /// What ends a thought.
    enum ThoughtEnd: Sendable, Equatable {
        case mark(Mark)
        /// The end of a message part.
        case part
        case words(String)
    }

    enum Place: Sendable {
        case text
        /// In a thought. One that starts mid-line may turn out not to be a thought.
        case thought(end: ThoughtEnd, before: ProseContext.Before)
        /// In possible tool calls: nothing is emitted before the end, which shows whether they are calls.
        ///
        /// `isSure` if it can hardly be anything else, so the user should be notified if it cannot be parsed.
        case calls(isSure: Bool)
        /// After the end of the answer, where the model continues with invented turns of other speakers.
        case over
    }

    /// Maximum length of a backtick run or of a fence's line to wait for, in bytes.
    private static let maxRunBytes = 300

    let tools: [FunctionTool]
    let policy: CallPolicy
    var readsCalls: Bool
    var place = Place.text
    /// Buffered input; everything before `start` has been processed.
    var held: [UInt8] = []
    var start = 0
    /// Position at which the search for the end of a thought resumes.
    private var searched = 0
    /// End of the leading whitespace, which may belong to what follows it.
    private var blankEnd = 0
    var isLineBlank = true
    private var indent = 0
    /// Whether this line is an indented code block.
    private var isIndented = false
    private var fence: (byte: UInt8, count: Int)?
    /// Length of the backtick run that opened inline code on this line; 0 outside inline code.
    private var ticks = 0
    /// Whether any text other than whitespace has been emitted.
    var hasWords = false
    /// Whether the text mentions marks, so that further ones count as text as well.
    var hasMentions = false
    /// What is open at the end of the text emitted.
    var context = TextContext()
    /// White space before possible calls, which is emitted only if there are none.
    var blanks: [UInt8] = []
    /// Whether the part of the text checked so far contains known end-of-text marks.
    private var hasEnds = false
    private var endsLookedAt = 0
    /// The first end mark in the thought that may only be mentioned there.
    private var mentionedEnd: (Int, Int)?
    /// The mark around the answer itself, whose end mark is also removed.
    var answerWord: String?
    var hasChannels = false
    /// Whether something before the answer was skipped, to which the white space behind it belongs.
    var hasHead = false
    /// Whether any text has been emitted.
    private(set) var hasEmitted = false
    /// The text meant for the reader.
    private(set) var shown = ""
    /// The complete text as received.
    private(set) var raw = ""
    /// All thoughts, concatenated.
    var thought = ""

    /// - Parameter tools: the tools whose calls are searched for.
    init(tools: [FunctionTool], policy: CallPolicy) {
        self.tools = tools
        self.policy = policy
        readsCalls = !tools.isEmpty
    }

    /// Adds the next piece.
    ///
    /// - Returns: the text that can be emitted now.
    mutating func add(_ piece: String) -> String {
        raw += piece
        held += piece.utf8
        return advance(isWhole: false)
    }

    mutating func advance(isWhole: Bool) -> String {
        var emitted = ""
        while true {
            let isStuck =
                switch place {
                case .text: !readText(&emitted, isWhole)
                case .thought(let end, let before): !readThought(end, before, &emitted, isWhole)
                case .calls: true
                case .over: true
                }
            if isStuck { break }
        }
        if case .over = place { start = held.count }
        guard start > 0 else { return emitted }
        held.removeFirst(start)
        searched = max(0, searched - start)
        mentionedEnd = mentionedEnd.map { ($0 - start, $1 - start) }
        blankEnd = max(0, blankEnd - start)
        start = 0
        return emitted
    }

    // MARK: - Text

    /// - Returns: whether `place` has changed.
    private mutating func readText(_ emitted: inout String, _ isWhole: Bool) -> Bool {
        var at = max(start, blankEnd)
        while at < held.count {
            let byte = held[at]
            if byte == 0x0A || byte == 0x0D {
                at += 1
                isLineBlank = true
                indent = 0
                isIndented = false
                ticks = 0
                continue
            }
            if byte == 0x20 || byte == 0x09 {
                at += 1
                if isLineBlank { indent += byte == 0x09 ? 4 : 1 }
                continue
            }
            if fence != nil || mayOpenFence(at, &emitted) {
                switch readFence(at, &emitted, isWhole) {
                case .more: return false
                case .no: break
                case .through(let end):
                    at = end
                    continue
                case .changed: return true
                }
            }
            if byte == 0x60 {
                let end = held[at...].firstIndex { $0 != 0x60 } ?? held.count
                guard end < held.count || isWhole || end - at > Self.maxRunBytes else {
                    emitWords(upTo: at, &emitted)
                    return false
                }
                ticks = ticks == 0 ? end - at : ticks == end - at ? 0 : ticks
                at = end
                isLineBlank = false
                continue
            }
            if isLineBlank, indent >= 4 {
                emitWords(upTo: at, &emitted)
                isIndented = hasWords
            }
            if ticks == 0, !isIndented {
                if Mark.mayBegin(with: byte) || byte == 0x7B || isLineBlank && (readsCalls || !hasWords) {
                    emitWords(upTo: at, &emitted)
                    switch meaning(at: at, isWhole) {
                    case .more: return false
                    case .no: break
                    case .through(let end):
                        start = end
                        at = end
                        continue
                    case .changed:
                        start = max(start, at)
                        return true
                    }
                }
            }
            isLineBlank = false
            at += 1
        }
        if isWhole { emit(upTo: at, &emitted) } else { emitWords(upTo: at, &emitted) }
        return false
    }

    /// How a construct in the text was classified.
    enum Outcome {
        /// More input is needed to decide.
        case more
        /// Ordinary text.
        case no
        /// Markup to skip, up to this position.
        case through(Int)
        /// `place` has changed.
        case changed
    }

    /// Whether a code fence may begin here: at the start of a line, behind a list marker, or behind words if it is labeled.
    private mutating func mayOpenFence(_ at: Int, _ emitted: inout String) -> Bool {
        guard held[at] == 0x60 || held[at] == 0x7E, ticks == 0 else { return false }
        if isLineBlank { return true }
        emitWords(upTo: at, &emitted)
        let prefix = LinePrefix(context.line[...])
        if prefix.isItem, prefix.isBlank { return true }
        let behind = held[at...].drop { $0 == 0x60 }
        guard held[at] == 0x60, behind.startIndex - at >= 3 || behind.isEmpty else { return false }
        return behind.first.map { 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 } ?? true
    }

    private mutating func readFence(_ at: Int, _ emitted: inout String, _ isWhole: Bool) -> Outcome {
        let lineEnd = held[at...].firstIndex { $0 == 0x0A || $0 == 0x0D }
        let line = held[at..<(lineEnd ?? held.count)]
        let run = line.prefix { $0 == line.first }.count
        if let (byte, count) = fence {
            let isFence = isLineBlank && line.first == byte
            if isFence, lineEnd == nil, !isWhole, line.count < Self.maxRunBytes,
                line.dropFirst(run).allSatisfy({ $0 == 0x20 })
            {
                emitWords(upTo: at, &emitted)
                return .more
            }
            // An end-of-text mark may directly follow the closing fence.
            if isFence, run >= count, let rest = line.dropFirst(run).first, Mark.mayBegin(with: rest) {
                switch Mark.read(held, at: line.startIndex + run, isWhole: isWhole) {
                case .partial:
                    emitWords(upTo: at, &emitted)
                    return .more
                case .mark(let mark) where mark.kind == .stop && mark.hasBars:
                    fence = nil
                    isLineBlank = false
                    return .through(line.startIndex + run)
                default: break
                }
            }
            if isFence, run >= count, line.dropFirst(run).allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { fence = nil }
            isLineBlank = false
            return .through(line.endIndex)
        }
        if run < 3 {
            guard run == line.count, lineEnd == nil, !isWhole else { return .no }
            emitWords(upTo: at, &emitted)
            return .more
        }
        guard lineEnd != nil || isWhole else {
            emitWords(upTo: at, &emitted)
            guard line.count > Self.maxRunBytes, !line.dropFirst(run).contains(0x60) else { return .more }
            fence = (line[line.startIndex], run)
            isLineBlank = false
            return .through(line.endIndex)
        }
        // Code on one line between three or more backticks.
        if line.first == 0x60, line.dropFirst(run).contains(0x60) { return .no }
        emitWords(upTo: at, &emitted)
        // Python-style calls are ordinary code, unless the fence is labeled as tool code.
        if readsCalls, isLineBlank, indent < 4, CallBeginning.isFence(forTools: line) {
            return beginCalls(at: at, isSure: false)
        }
        if !hasWords, readsCalls, CallBeginning.isFence(forCalls: line, areMarked: true) {
            let code = held[line.endIndex...].firstIndex { $0 > 0x20 } ?? held.count
            switch CallBeginning.isAny(held, at: code, tools, isWhole) {
            case nil: return .more
            case true?: return beginCalls(at: at, isSure: false)
            case false?: break
            }
        }
        fence = (line[line.startIndex], run)
        isLineBlank = false
        return .through(line.endIndex)
    }

    /// Emits the text before a position, unless it is only leading whitespace.
    private mutating func emitWords(upTo end: Int, _ emitted: inout String) {
        if hasWords || held[max(start, blankEnd)..<end].contains(where: { $0 > 0x20 }) {
            emit(upTo: end, &emitted)
        } else {
            blankEnd = end
        }
    }

    mutating func emit(upTo end: Int, _ emitted: inout String) {
        guard start < end else { return }
        let all = String(decoding: held[start..<end], as: UTF8.self)
        start = end
        // Blank lines after a thought or a head belong to it.
        let text = hasWords || thought.isEmpty && !hasHead ? all[...] : all.drop(while: \.isWhitespace)
        hasWords = hasWords || !text.allSatisfy(\.isWhitespace)
        hasEmitted = hasEmitted || !text.isEmpty
        context.add(text.utf8)
        shown += text
        emitted += text
    }

    // MARK: - Thoughts

    mutating func beginThought(_ end: ThoughtEnd, _ before: ProseContext.Before, at place: Int) {
        self.place = .thought(end: end, before: before)
        searched = place
        mentionedEnd = nil
    }

    /// Whether the emitted text mentions end-of-text marks.
    mutating func mentionsEnds() -> Bool {
        if hasEnds { return true }
        let bytes = shown.utf8
        let part = String(decoding: bytes.dropFirst(max(0, endsLookedAt - 16)), as: UTF8.self)
        endsLookedAt = bytes.count
        hasEnds = ProseContext.namesEnds(part)
        return hasEnds
    }

    /// Reclassifies the emitted text as a thought: some servers consume the begin mark, so only the end mark arrives.
    mutating func endUnmarkedThought(at end: Int) {
        thought += shown
        shown = ""
        context = TextContext()
        hasWords = false
        isLineBlank = true
        start = end
    }

    /// Searches for the end of a thought. If it may turn out not to be a thought, its begin mark is still at `start`;
    /// otherwise `start` is after it.
    private mutating func readThought(
        _ end: ThoughtEnd, _ before: ProseContext.Before, _ emitted: inout String, _ isWhole: Bool
    ) -> Bool {
        guard let (begin, behind) = endOfThought(end, isWhole) else { return false }
        var contentStart = start
        if case .mark(let mark) = end {
            contentStart += mark.length
            let content = held[contentStart..<begin]
            switch ProseContext.isThought(content, before, held, behind, isWhole) {
            case nil:
                searched = begin
                return false
            case false?:
                hasMentions = true
                isLineBlank = false
                emit(upTo: behind, &emitted)
                place = .text
                return true
            case true?: break
            }
        }
        thought += String(decoding: held[contentStart..<begin], as: UTF8.self)
        start = behind
        place = .text
        isLineBlank = true
        indent = 0
        return true
    }

    private mutating func endOfThought(_ end: ThoughtEnd, _ isWhole: Bool) -> (Int, Int)? {
        if case .words(let words) = end {
            let mark = Array(words.utf8)
            while searched + mark.count <= held.count {
                if held[searched..<searched + mark.count].elementsEqual(mark, by: { $0 | 0x20 == $1 | 0x20 }) {
                    return (searched, searched + mark.count)
                }
                searched += 1
            }
            return nil
        }
        while let found = held[searched...].firstIndex(where: Mark.mayBegin) {
            searched = found
            switch Mark.read(held, at: found, isWhole: isWhole) {
            case .partial: return nil
            case .none: break
            case .mark(let mark):
                switch end {
                case .mark(let begin) where mark.kind == .thought && mark.isEnd && mark.closes(begin):
                    switch ProseContext.isMentionedEnd(held, found, mark.end, isWhole) {
                    case nil: return nil
                    case false?: return (found, mark.end)
                    case true?: mentionedEnd = mentionedEnd ?? (found, mark.end)
                    }
                // Some models end a thought like any other message part.
                case .mark(let begin) where begin.hasBars && mark.hasBars && mark.word == "end":
                    return (found, mark.end)
                case .part where mark.kind == .stop || mark.kind == .channel && mark.isEnd: return (found, mark.end)
                case .part where mark.kind == .turn || mark.kind == .channel: return (found, found)
                default: break
                }
            }
            searched += 1
        }
        searched = held.count
        // There is no other end, so this one counts.
        return isWhole ? mentionedEnd : nil
    }
}
