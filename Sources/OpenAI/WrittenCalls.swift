import JSON

/// Parses tool calls in the text of an answer, for servers that don't support the model's own call format.
///
/// Models have many formats, but all consist of a few kinds of parts: marks (``Mark``), names, and arguments as JSON,
/// as elements, as key-value pairs or as in Python. The parser accepts any sequence of such parts, regardless of the
/// model.
struct WrittenCalls {
    /// The result of parsing a text.
    struct Reading {
        /// The calls, without ids.
        var calls: [ChatToolCall] = []
        /// The text around them; all of it if there are no calls.
        var text: [UInt8] = []
        /// Whether something looks like a call that isn't run.
        var isUnread = false
        /// Whether that may be meant, so that the model should be asked.
        var isUnclear = false

        /// Notes a call that isn't run.
        mutating func note(isUnclear: Bool) {
            isUnread = true
            self.isUnclear = self.isUnclear || isUnclear
        }
    }

    /// Maximum number of false starts before the search stops: each one may scan the rest of the text.
    private static let maxFailures = 16

    private let bytes: [UInt8]
    private let tools: [FunctionTool]
    private let policy: CallPolicy
    /// What is open at the end of the text before the last calls.
    private var context: TextContext
    private var at = 0
    private var failures = 0
    private var reading = Reading()
    /// The last group of calls, as long as only calls and marks have followed it.
    private var last: Row?
    /// Whether calls that could have been meant turned out to be shown: a text about calls may contain more of them.
    private var hasShownCalls = false
    /// Whether calls turned out to be repeated from what the model has read.
    private var hasRepeatedCalls = false
    /// The texts that the model has read, once they were needed.
    private var readTexts: [[UInt8]]?

    /// Consecutive calls.
    private struct Row {
        /// Start of the first call.
        let start: Int
        /// Length in bytes of the surrounding text collected before it.
        let textCount: Int
        /// Whether the calls begin the text.
        let isFirst: Bool
        /// Position after the last call.
        var end: Int
        /// Where words may continue the text in spite of the calls; `nil` for nowhere.
        var wordsStart: Int?
    }

    /// Parses the calls in a text that starts where the first one may.
    ///
    /// A model stops after its calls. If a sentence continues after them, it is about them, and they count as text.
    ///
    /// - Parameters:
    ///   - isSure: whether the beginning can hardly be anything but a call.
    ///   - context: what precedes the text.
    static func read(
        _ bytes: [UInt8], _ tools: [FunctionTool], isSure: Bool, behind context: TextContext, _ policy: CallPolicy
    ) -> Reading {
        var reader = WrittenCalls(bytes: bytes, tools: tools, policy: policy, context: context)
        reader.read(isSure: isSure)
        var reading = reader.reading
        if reading.calls.isEmpty { reading.text = bytes }
        if !reading.text.contains(where: { $0 > 0x20 }) { reading.text = [] }
        // A model isn't asked to make a call that somebody else has written.
        if reader.hasRepeatedCalls { reading.isUnclear = false }
        return reading
    }

    private init(bytes: [UInt8], tools: [FunctionTool], policy: CallPolicy, context: TextContext) {
        self.bytes = bytes
        self.tools = tools
        self.policy = policy
        self.context = context
    }

    private mutating func read(isSure: Bool) {
        if let calls = fencedCalls() {
            let verdict = verdict(.bare)
            if verdict == .run, !areRepeated(calls, bytes[...]) {
                reading.calls = calls
            } else {
                reading.note(isUnclear: verdict != .shown)
            }
            return
        }
        if isCallFence { reading.note(isUnclear: true) }
        while at < bytes.count {
            let byte = bytes[at]
            guard byte > 0x20 else {
                show(upTo: at + 1)
                continue
            }
            // A result here was invented by the model: the real one follows.
            if !reading.calls.isEmpty, !policy.hasToolChannel,
                case .mark(let mark) = Mark.read(bytes, at: at, isWhole: true), mark.kind == .result
            {
                return
            }
            if failures < Self.maxFailures, readCalls(isSure: isSure && at == 0) { continue }
            if last != nil {
                if isLeftover { return }
                if let end = endOfMarked() {
                    show(upTo: end)
                    continue
                }
                if last?.wordsStart == at, beginsSentence {
                    show(upTo: bytes.count)
                    return
                }
                goOn()
            }
            show(upTo: at + 1)
        }
    }

    /// Adds the bytes before a position to the text around the calls.
    private mutating func show(upTo end: Int) {
        reading.text += bytes[at..<end]
        if last == nil { context.add(bytes[at..<end]) }
        at = end
    }

    /// Whether only the head of a next message follows that never came, or the beginning of an empty call.
    private var isLeftover: Bool {
        let rest = String(decoding: bytes[at...].prefix(64).filter { $0 > 0x20 }, as: UTF8.self)
        if ["commentary", "analysis", "assistant", "final"].contains(rest) { return true }
        guard case .mark(let mark) = Mark.read(bytes, at: at, isWhole: true) else { return false }
        return [.calls, .element].contains(mark.kind) && !bytes[mark.end...].contains { $0 > 0x20 }
    }

    /// Returns where a construct other than a sentence ends: an end mark, a thought or another message.
    private func endOfMarked() -> Int? {
        // The end of a code block that never began.
        if bytes[at] == 0x60, !bytes[at...].contains(where: { $0 > 0x20 && $0 != 0x60 }) { return bytes.count }
        // Another call, which cannot be parsed.
        if CallBeginning.isMarked(bytes, at: at, tools), namesTool() { return bytes.count }
        guard case .mark(let mark) = Mark.read(bytes, at: at, isWhole: true) else { return nil }
        if mark.isEnd || mark.kind == .separator { return mark.end }
        guard !policy.hasToolChannel else { return nil }
        switch mark.kind {
        case .turn, .channel: return bytes.count
        case .thought:
            var place = mark.end
            while let found = bytes[place...].firstIndex(of: bytes[at]) {
                if case .mark(let end) = Mark.read(bytes, at: found, isWhole: true), end.closes(mark) { return end.end }
                place = found + 1
            }
            return bytes.count
        default: return nil
        }
    }

    /// Reclassifies the last calls as text, because a sentence continues after them.
    private mutating func goOn() {
        guard let row = last else { return }
        last = nil
        hasShownCalls = true
        reading.calls = []
        reading.text.removeSubrange(row.textCount...)
        reading.text += bytes[row.start..<at]
        context.add(bytes[row.start..<at])
        // Words that continue the line in lower case are about the call. Others may be the model's guess at the result.
        if row.isFirst || beginsSentence || bytes[row.end..<at].contains(where: Self.isLineEnd) {
            reading.note(isUnclear: true)
        }
    }

    private mutating func add(_ group: CallGroup, isAtStart: Bool) {
        if last == nil {
            last = Row(
                start: at, textCount: reading.text.count, isFirst: isAtStart && !context.hasWords, end: group.end)
        }
        last?.end = group.end
        last?.wordsStart = group.endsWithToken && !policy.hasToolChannel ? group.end : nil
        reading.calls += group.calls
        at = group.end
    }

    /// Whether a new sentence begins here. Some models go on directly behind the token that ends their calls.
    private var beginsSentence: Bool {
        String(decoding: bytes[at...].prefix(8), as: UTF8.self).first.map { $0.isLetter && !$0.isLowercase } ?? false
    }

    private func isEndOfLine(_ place: Int) -> Bool {
        let rest = bytes[place...].first { $0 > 0x20 || $0 == 0x0A || $0 == 0x0D }
        return rest == nil || rest == 0x0A || rest == 0x0D
    }

    /// The verdict about a call at this position.
    private func verdict(_ form: CallPolicy.Form) -> CallPolicy.Verdict {
        guard last == nil else { return .run }
        let verdict = policy.verdict(form, in: context)
        return verdict == .run && hasShownCalls ? .unclear : verdict
    }

    /// Shows the calls at this position instead of running them, and notes them if they may have been meant.
    private mutating func show(_ group: CallGroup, _ verdict: CallPolicy.Verdict, isAtStart: Bool) {
        let rest = bytes[group.end...].filter { $0 > 0x20 && !"*_~`|)\"'".utf8.contains($0) }
        if rest.isEmpty || (isAtStart || verdict == .unclear) && isEndOfLine(group.end) {
            reading.note(isUnclear: verdict != .shown)
        }
        show(upTo: group.end)
    }

    /// Whether words follow the last end mark of what begins here.
    private var goesOnBehindEnd: Bool {
        var place = bytes.count
        var tries = 0
        while tries < Self.maxFailures, let found = bytes[at..<place].lastIndex(where: Mark.mayBegin) {
            tries += 1
            place = found
            guard case .mark(let mark) = Mark.read(bytes, at: found, isWhole: true), mark.isEnd else { continue }
            return bytes[mark.end...].contains { $0 > 0x20 }
        }
        return false
    }

    /// Parses the calls that begin here.
    ///
    /// - Returns: whether there are any, run or shown.
    private mutating func readCalls(isSure: Bool) -> Bool {
        let isAtStart = last != nil || LinePrefix(context.line[...]).isEmpty
        if CallBeginning.isMarked(bytes, at: at, tools) || isSure && Mark.mayBegin(with: bytes[at]) {
            let verdict = verdict(.marked)
            if verdict == .quoted { return false }
            var group = CallGroup(bytes, tools, at: at)
            guard group.read(isInLine: !isAtStart) else {
                failures += 1
                if isSure || namesTool() && (isAtStart || !goesOnBehindEnd) {
                    reading.note(isUnclear: verdict != .shown)
                }
                return false
            }
            accept(group, verdict == .run && policy.hasToolChannel && !group.fits ? .unclear : verdict, isAtStart)
            return true
        }
        guard isAtStart || at == 0,
            CallBeginning.isUnmarked(bytes, at: at, tools, true, mayBePython: at == 0) == true
        else { return false }
        let verdict = verdict(.bare)
        if verdict == .quoted { return false }
        var group = CallGroup(bytes, tools, at: at)
        if group.readPlain() {
            // Behind words only the exact name of a tool is proof enough.
            let isProven = !context.hasWords || group.calls.allSatisfy { names($0.name, before: group.end) }
            accept(group, verdict == .run && !isProven ? .unclear : verdict, isAtStart)
            return true
        }
        failures += 1
        hasShownCalls = hasShownCalls || !group.calls.isEmpty
        if bytes[at] == 0x7B && !group.calls.isEmpty || !group.isWhole && beginsPlainCall()
            || NamedCall.isClear(bytes, at: at, tools) || UnreadCall.isPositional(bytes[at...], tools)
        {
            reading.note(isUnclear: verdict != .shown)
        }
        return false
    }

    private mutating func accept(_ group: CallGroup, _ verdict: CallPolicy.Verdict, _ isAtStart: Bool) {
        let isRepeated = areRepeated(group.calls, bytes[at..<group.end])
        if verdict == .run, !isRepeated {
            add(group, isAtStart: isAtStart)
        } else {
            failures += 1
            // What follows repeated calls may be more of the same text.
            hasShownCalls = hasShownCalls || verdict == .run
            show(group, verdict, isAtStart: isAtStart)
        }
    }

    /// Whether calls are repeated from what the model has read.
    private mutating func areRepeated(_ calls: [ChatToolCall], _ source: ArraySlice<UInt8>) -> Bool {
        let texts = readTexts ?? policy.readTexts.compared()
        readTexts = texts
        let areRepeated = ReadTexts.areRepeated(calls, source, in: texts)
        hasRepeatedCalls = hasRepeatedCalls || areRepeated
        return areRepeated
    }

    private func names(_ name: String, before end: Int) -> Bool {
        bytes[at..<end].firstRange(of: Array(name.utf8)) != nil
    }

    /// Parses the calls in a text that is a single code block.
    private func fencedCalls() -> [ChatToolCall]? {
        guard let line = bytes.firstIndex(where: Self.isLineEnd),
            let start = bytes[line...].firstIndex(where: { $0 > 0x20 })
        else { return nil }
        let isMarked = CallBeginning.isMarked(bytes, at: start, tools)
        // Marks in a code block that has another label are most often shown.
        let isOfCalls =
            context.hasWords || isMarked
            ? CallBeginning.isFence(forTools: bytes[..<line])
            : CallBeginning.isFence(forCalls: bytes[..<line], areMarked: false)
        guard isOfCalls, var end = endOfCalls(from: start) else { return nil }
        while end > start, bytes[end - 1] <= 0x20 { end -= 1 }
        guard bytes[..<end].suffix(3).elementsEqual("```".utf8), end - 3 > start else { return nil }
        let content = Array(bytes[start..<end - 3])
        var group = CallGroup(content, tools, at: 0)
        if isMarked {
            guard group.read(isInLine: false), !content[group.end...].contains(where: { $0 > 0x20 }) else { return nil }
            return group.calls
        }
        return group.readPlain() ? group.calls : nil
    }

    /// Whether the text is a code block that isn't read, and a call is what it begins with.
    private var isCallFence: Bool {
        guard !context.hasWords, let line = bytes.firstIndex(where: Self.isLineEnd),
            CallBeginning.isFence(forCalls: bytes[..<line], areMarked: true),
            let start = bytes[line...].firstIndex(where: { $0 > 0x20 }), let end = bytes.lastIndex(where: { $0 > 0x20 })
        else { return false }
        return bytes[end] == 0x60
            && (CallBeginning.isMarked(bytes, at: start, tools)
                || UnreadCall.atEnd(of: String(decoding: bytes, as: UTF8.self), tools) != nil)
    }

    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    /// Returns the end of calls in a code block: before an end mark that the server forgot to strip, or before an
    /// invented result.
    private func endOfCalls(from start: Int) -> Int? {
        var place = start
        while let found = bytes[place...].firstIndex(where: { Self.isLineEnd($0) || Mark.mayBegin(with: $0) }) {
            place = found + 1
            let next = bytes[found...].firstIndex { $0 > 0x20 } ?? bytes.count
            let isClosed = bytes[..<found].reversed().first { $0 > 0x20 } == 0x60
            if isClosed, next < bytes.count, NamedCall.isResult(bytes, at: next) { return found }
            if case .mark(let mark) = Mark.read(bytes, at: found, isWhole: true), mark.kind == .stop, isClosed,
                case .nothing = EndOfText.following(bytes, mark.end, true)
            {
                return found
            }
        }
        return bytes.count
    }

    // MARK: - Unparsable calls

    /// Whether the text here names a tool.
    private func namesTool() -> Bool {
        let text = String(decoding: bytes[at...].prefix(400), as: UTF8.self)
        return text.split { !$0.isLetter && !$0.isNumber && !"_-.:".contains($0) }.prefix(16).contains {
            CallBeginning.names(String($0), tools)
        }
    }

    /// Whether an incomplete object names a tool and has arguments.
    private func beginsPlainCall() -> Bool {
        let text = String(decoding: bytes[at...].prefix(2000).filter { $0 > 0x20 }, as: UTF8.self)
        guard ["arguments", "parameters", "args"].contains(where: { text.contains("\"\($0)\":{") }),
            let start = text.firstRange(of: "\"name\":\"")
        else { return false }
        return CallBeginning.names(String(text[start.upperBound...].prefix { $0 != "\"" }), tools)
    }
}
