/// Tells in the text of an answer, however it is cut into pieces, what is meant for a person from what is not: thoughts
/// between marks (`<think>…</think>`), and tool calls that the model's server left as text.
///
/// A mark may stand anywhere. In code, between backticks and in a sentence it is what the text is about: what goes before
/// it and follows it tells (``ProseContext``).
struct AnswerText: Sendable {
    /// What ends a thought.
    enum ThoughtEnd: Sendable, Equatable {
        case mark(Mark)
        /// The end of a part of a message.
        case part
        case words(String)
    }

    enum Place: Sendable {
        case text
        /// In a thought. One that begins within a line may turn out to be none.
        case thought(end: ThoughtEnd, before: ProseContext.Before)
        /// In what may be tool calls: nothing is told before the end, which shows whether they are.
        ///
        /// `isSure` where it can hardly be anything else, so that a person should know if it cannot be read.
        case calls(isSure: Bool)
        /// Behind the end, where a model goes on with what others might say.
        case over
    }

    /// Backticks in a row, and bytes behind them in their line, that are waited for.
    private static let longestRun = 300

    let tools: [FunctionTool]
    var readsCalls: Bool
    var place = Place.text
    /// What came, of which everything before `start` is dealt with.
    var held: [UInt8] = []
    var start = 0
    /// Where the search for the end of a thought goes on.
    private var searched = 0
    /// Up to where white space stands before any words, which may belong to what follows it.
    private var blankEnd = 0
    var isLineBlank = true
    private var indent = 0
    /// Whether this line is code because of the blanks before it.
    private var isIndented = false
    private var fence: (byte: UInt8, count: Int)?
    /// How many backticks began code in this line.
    private var ticks = 0
    /// Whether anything but white space is shown.
    var hasWords = false
    /// Whether the text is about marks, or has no ends of thoughts any more.
    var hasMentions = false
    /// Whether the text has marks in it that are known to end texts, as far as it was looked at.
    private var hasEnds = false
    private var endsLookedAt = 0
    /// The first end of the thought that may be what the thought is about.
    private var mentionedEnd: (Int, Int)?
    /// The mark around the answer itself, whose end is no part of it either.
    var answerWord: String?
    var hasChannels = false
    /// Whether anything was told.
    private(set) var hasTold = false
    /// What is meant for a person.
    private(set) var shown = ""
    /// All of the text as it came.
    private(set) var raw = ""
    /// All thoughts.
    var thought = ""

    /// - Parameter tools: those that calls are looked for of.
    init(tools: [FunctionTool]) {
        self.tools = tools
        readsCalls = !tools.isEmpty
    }

    /// Takes in the next piece.
    ///
    /// - Returns: what is to be told by now.
    mutating func add(_ piece: String) -> String {
        raw += piece
        held += piece.utf8
        return advance(isWhole: false)
    }

    mutating func advance(isWhole: Bool) -> String {
        var told = ""
        while true {
            let isStuck =
                switch place {
                case .text: !readText(&told, isWhole)
                case .thought(let end, let before): !readThought(end, before, &told, isWhole)
                case .calls: true
                case .over: true
                }
            if isStuck { break }
        }
        if case .over = place { start = held.count }
        guard start > 0 else { return told }
        held.removeFirst(start)
        searched = max(0, searched - start)
        mentionedEnd = mentionedEnd.map { ($0 - start, $1 - start) }
        blankEnd = max(0, blankEnd - start)
        start = 0
        return told
    }

    // MARK: - Text

    /// - Returns: whether the place is another one now.
    private mutating func readText(_ told: inout String, _ isWhole: Bool) -> Bool {
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
            if fence != nil || isLineBlank && (byte == 0x60 || byte == 0x7E) {
                switch readFence(at, &told, isWhole) {
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
                guard end < held.count || isWhole || end - at > Self.longestRun else {
                    tellWords(upTo: at, &told)
                    return false
                }
                ticks = ticks == 0 ? end - at : ticks == end - at ? 0 : ticks
                at = end
                isLineBlank = false
                continue
            }
            if isLineBlank, indent >= 4 {
                tellWords(upTo: at, &told)
                isIndented = hasWords
            }
            if ticks == 0, !isIndented {
                if Mark.mayBegin(with: byte) || byte == 0x7B || isLineBlank && (readsCalls || !hasWords) {
                    tellWords(upTo: at, &told)
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
        if isWhole { tell(upTo: at, &told) } else { tellWords(upTo: at, &told) }
        return false
    }

    /// What something in the text turns out to be.
    enum Outcome {
        /// More has to come to know.
        case more
        /// Nothing.
        case no
        /// It ends there.
        case through(Int)
        /// The place is another one.
        case changed
    }

    private mutating func readFence(_ at: Int, _ told: inout String, _ isWhole: Bool) -> Outcome {
        let lineEnd = held[at...].firstIndex { $0 == 0x0A || $0 == 0x0D }
        let line = held[at..<(lineEnd ?? held.count)]
        let run = line.prefix { $0 == line.first }.count
        if let (byte, count) = fence {
            let isFence = isLineBlank && line.first == byte
            if isFence, lineEnd == nil, !isWhole, line.count < Self.longestRun,
                line.dropFirst(run).allSatisfy({ $0 == 0x20 })
            {
                tellWords(upTo: at, &told)
                return .more
            }
            // Behind the last line of code the end of the text may stand.
            if isFence, run >= count, let rest = line.dropFirst(run).first, Mark.mayBegin(with: rest) {
                switch Mark.read(held, at: line.startIndex + run, isWhole: isWhole) {
                case .partial:
                    tellWords(upTo: at, &told)
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
            tellWords(upTo: at, &told)
            return .more
        }
        guard lineEnd != nil || isWhole else {
            if line.count > Self.longestRun { return .no }
            tellWords(upTo: at, &told)
            return .more
        }
        // Code on one line, in many backticks.
        if line.first == 0x60, line.dropFirst(run).contains(0x60) { return .no }
        tellWords(upTo: at, &told)
        // Calls as in Python are ordinary code, unless it is said to be for tools.
        if readsCalls, indent < 4, CallBeginning.isFence(forTools: line) {
            place = .calls(isSure: false)
            start = at
            return .changed
        }
        if !hasWords, readsCalls {
            let code = held[line.endIndex...].firstIndex { $0 > 0x20 } ?? held.count
            switch CallBeginning.isUnmarked(held, at: code, tools, isWhole, mayBePython: false) {
            case nil: return .more
            case true?:
                start = at
                place = .calls(isSure: false)
                return .changed
            case false?: break
            }
        }
        fence = (line[line.startIndex], run)
        isLineBlank = false
        return .through(line.endIndex)
    }

    /// Tells what comes before a place, unless it is nothing but white space before any words.
    private mutating func tellWords(upTo end: Int, _ told: inout String) {
        if hasWords || held[max(start, blankEnd)..<end].contains(where: { $0 > 0x20 }) {
            tell(upTo: end, &told)
        } else {
            blankEnd = end
        }
    }

    mutating func tell(upTo end: Int, _ told: inout String) {
        guard start < end else { return }
        let all = String(decoding: held[start..<end], as: UTF8.self)
        start = end
        // Behind a thought stand empty lines that belong to it.
        let text = hasWords || thought.isEmpty ? all[...] : all.drop(while: \.isWhitespace)
        hasWords = hasWords || !text.allSatisfy(\.isWhitespace)
        hasTold = hasTold || !text.isEmpty
        shown += text
        told += text
    }

    // MARK: - Thoughts

    mutating func beginThought(_ end: ThoughtEnd, _ before: ProseContext.Before, at place: Int) {
        self.place = .thought(end: end, before: before)
        searched = place
        mentionedEnd = nil
    }

    /// Whether the text that is shown names marks that end texts.
    mutating func mentionsEnds() -> Bool {
        if hasEnds { return true }
        let bytes = shown.utf8
        let part = String(decoding: bytes.dropFirst(max(0, endsLookedAt - 16)), as: UTF8.self)
        endsLookedAt = bytes.count
        hasEnds = ProseContext.namesEnds(part)
        return hasEnds
    }

    /// Where what was shown is a thought: some servers write the mark of its beginning themselves, and only that of its
    /// end comes.
    mutating func endUnmarkedThought(at end: Int) {
        thought += shown
        shown = ""
        hasWords = false
        isLineBlank = true
        start = end
    }

    /// Looks for the end of a thought, whose mark stands at `start` where it may be none, else before it.
    private mutating func readThought(
        _ end: ThoughtEnd, _ before: ProseContext.Before, _ told: inout String, _ isWhole: Bool
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
                tell(upTo: behind, &told)
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
                // Some models end a thought as any other part of a message.
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
        // There is no other, so it is meant.
        return isWhole ? mentionedEnd : nil
    }
}
