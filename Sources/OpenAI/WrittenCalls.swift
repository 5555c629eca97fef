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
        var calls: [ToolCall] = []
        /// The text around them; all of it if there are no calls.
        var text: [UInt8] = []
        /// Whether something looks like a call but cannot be parsed.
        var isUnread = false
    }

    /// Maximum number of false starts before the search stops: each one may scan the rest of the text.
    private static let maxFailures = 16

    private let bytes: [UInt8]
    /// What precedes `bytes` on its line.
    private let line: [UInt8]
    private let tools: [FunctionTool]
    private var at = 0
    private var failures = 0
    private var reading = Reading()
    /// The last group of calls, as long as only calls and marks have followed it.
    private var last: Row?

    /// Consecutive calls.
    private struct Row {
        /// Start of the first call.
        let start: Int
        /// Length in bytes of the surrounding text collected before it.
        let textCount: Int
        /// Whether the calls are alone on their lines.
        var isAlone: Bool
    }

    /// Parses the calls in a text that starts where the first one may.
    ///
    /// A model stops after its calls. If a sentence continues after them, it is about them, and they count as text.
    ///
    /// - Parameters:
    ///   - isSure: whether the beginning can hardly be anything but a call.
    ///   - line: what precedes the text on its line.
    static func read(_ bytes: [UInt8], _ tools: [FunctionTool], isSure: Bool, behind line: [UInt8]) -> Reading {
        var reader = WrittenCalls(bytes: bytes, line: line, tools: tools)
        reader.read(isSure: isSure)
        var reading = reader.reading
        if reading.calls.isEmpty { reading.text = bytes }
        if !reading.text.contains(where: { $0 > 0x20 }) { reading.text = [] }
        return reading
    }

    private init(bytes: [UInt8], line: [UInt8], tools: [FunctionTool]) {
        self.bytes = bytes
        self.line = line
        self.tools = tools
    }

    private mutating func read(isSure: Bool) {
        if let calls = fencedCalls() {
            reading.calls = calls
            return
        }
        var isLineBlank = isSure
        while at < bytes.count {
            let byte = bytes[at]
            if byte == 0x0A || byte == 0x0D {
                isLineBlank = true
            } else if byte == 0x60 || byte == 0x7E && isLineBlank {
                if bytes[at...].contains(where: { $0 > 0x20 && $0 != byte }) { goOn() }
                // At the start of the text, this character opens a code fence.
                copyCode(isLineBlank: isLineBlank || at == 0)
                isLineBlank = false
                continue
            } else if byte > 0x20 {
                // A result here was invented by the model: the real one follows.
                if !reading.calls.isEmpty, case .mark(let mark) = Mark.read(bytes, at: at, isWhole: true),
                    mark.kind == .result
                {
                    return
                }
                if failures < Self.maxFailures, readCalls(isAtStart: isLineBlank, isSure: isSure && at == 0) {
                    isLineBlank = true
                    continue
                }
                if last != nil {
                    if isLeftover { return }
                    if let end = endOfMarked() {
                        reading.text += bytes[at..<end]
                        at = end
                        continue
                    }
                    goOn()
                }
                isLineBlank = false
            }
            reading.text.append(byte)
            at += 1
        }
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
        // Another call, which cannot be parsed.
        if CallBeginning.isMarked(bytes, at: at, tools), namesTool() { return bytes.count }
        guard case .mark(let mark) = Mark.read(bytes, at: at, isWhole: true) else { return nil }
        if mark.isEnd || mark.kind == .separator { return mark.end }
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
        reading.calls = []
        reading.text.removeSubrange(row.textCount...)
        reading.text += bytes[row.start..<at]
        reading.isUnread = reading.isUnread || row.isAlone
    }

    private mutating func take(_ group: CallGroup, isAtStart: Bool) {
        let rest = bytes[group.end...].first { $0 > 0x20 || $0 == 0x0A || $0 == 0x0D }
        let isAlone = isAtStart && (rest == nil || rest == 0x0A || rest == 0x0D)
        if last == nil { last = Row(start: at, textCount: reading.text.count, isAlone: isAlone) }
        reading.calls += group.calls
        at = group.end
    }

    /// Whether the text before this position quotes what follows.
    private var isQuoted: Bool {
        guard last == nil else { return false }
        let before = bytes[..<at].suffix(CallQuotation.longestLine)
        return CallQuotation.opens(behind: before.count < at ? Array(before) : line + before)
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
    /// - Returns: whether there are any.
    private mutating func readCalls(isAtStart: Bool, isSure: Bool) -> Bool {
        if CallBeginning.isMarked(bytes, at: at, tools) || isSure && Mark.mayBegin(with: bytes[at]) {
            if isQuoted { return false }
            var group = CallGroup(bytes, tools, at: at)
            if group.read(isInLine: !isAtStart) {
                take(group, isAtStart: isAtStart)
                return true
            }
            failures += 1
            reading.isUnread = reading.isUnread || isSure || namesTool() && (isAtStart || !goesOnBehindEnd)
            return false
        }
        guard isAtStart || at == 0,
            CallBeginning.isUnmarked(bytes, at: at, tools, true, mayBePython: at == 0) == true
        else { return false }
        var group = CallGroup(bytes, tools, at: at)
        if group.readPlain() {
            take(group, isAtStart: isAtStart)
            return true
        }
        failures += 1
        reading.isUnread =
            reading.isUnread || bytes[at] == 0x7B && !group.calls.isEmpty || !group.isWhole && beginsPlainCall()
            || NamedCall.isClear(bytes, at: at, tools)
        return false
    }

    /// Parses the calls in a text that is a single code block.
    private func fencedCalls() -> [ToolCall]? {
        guard bytes.starts(with: "```".utf8), let line = bytes.firstIndex(of: 0x0A),
            let start = bytes[line...].firstIndex(where: { $0 > 0x20 }), var end = endOfCalls(from: start)
        else { return nil }
        while end > start, bytes[end - 1] <= 0x20 { end -= 1 }
        guard bytes[..<end].suffix(3).elementsEqual("```".utf8), end - 3 > start else { return nil }
        var group = CallGroup(Array(bytes[start..<end - 3]), tools, at: 0)
        return group.readPlain() ? group.calls : nil
    }

    /// Returns the end of calls in a code block: before an end mark that the server forgot to strip, or before an
    /// invented result.
    private func endOfCalls(from start: Int) -> Int? {
        var place = start
        while let found = bytes[place...].firstIndex(where: { $0 == 0x0A || Mark.mayBegin(with: $0) }) {
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

    private mutating func copyCode(isLineBlank: Bool) {
        let mark = bytes[at]
        let run = bytes[at...].prefix { $0 == mark }.count
        let isFence = isLineBlank && run >= 3
        let code = Array(repeating: mark, count: run)
        var end = at + run
        while end < bytes.count, isFence || bytes[end] != 0x0A {
            if bytes[end...].starts(with: code) {
                end += bytes[end...].prefix { $0 == mark }.count
                break
            }
            end += 1
        }
        reading.text += bytes[at..<end]
        at = end
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
