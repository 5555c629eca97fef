import JSON

/// Tool calls that stand in the text of an answer, where the model's server does not know the model's way to call.
///
/// Models have many ways, which are made of few parts: marks (``Mark``), names, and arguments as JSON, as elements, as
/// pairs of keys and values or as in Python. What is read is a row of such parts, whichever model made it.
struct WrittenCalls {
    /// What became of a text.
    struct Reading {
        /// The calls, which have no ids.
        var calls: [ToolCall] = []
        /// The text around them; all of it where there are none.
        var text: [UInt8] = []
        /// Whether something looks like a call and cannot be read.
        var isUnread = false
    }

    /// Beginnings of calls that turned out to be none, after which no others are looked for: each may take as long as the
    /// whole text.
    private static let maxFailures = 16

    private let bytes: [UInt8]
    /// What stands before them in their line.
    private let line: [UInt8]
    private let tools: [FunctionTool]
    private var at = 0
    private var failures = 0
    private var reading = Reading()
    /// The calls behind which nothing but calls and marks came so far.
    private var last: Row?

    /// Calls in a row.
    private struct Row {
        /// Where the first of them begins.
        let start: Int
        /// Bytes of the text around calls before it.
        let textCount: Int
        /// Whether nothing else stands on its lines.
        var isAlone: Bool
    }

    /// Reads the calls of a text that begins where the first may.
    ///
    /// A model stops behind its calls. Where a sentence goes on there it is about them, and they are text like it.
    ///
    /// - Parameters:
    ///   - isSure: whether what it begins with can hardly be anything but a call.
    ///   - line: what stands before it in its line.
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
                // What begins here with such a sign is the fence of code.
                copyCode(isLineBlank: isLineBlank || at == 0)
                isLineBlank = false
                continue
            } else if byte > 0x20 {
                // What the model takes for a result, it made up: the real one comes.
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

    /// Words for a next message that never came, or the beginning of a call of which there is nothing.
    private var isLeftover: Bool {
        let rest = String(decoding: bytes[at...].prefix(64).filter { $0 > 0x20 }, as: UTF8.self)
        if ["commentary", "analysis", "assistant", "final"].contains(rest) { return true }
        guard case .mark(let mark) = Mark.read(bytes, at: at, isWhole: true) else { return false }
        return [.calls, .element].contains(mark.kind) && !bytes[mark.end...].contains { $0 > 0x20 }
    }

    /// Where what begins here ends, if it is no sentence: the end of something, a thought, or another message.
    private func endOfMarked() -> Int? {
        // One more call, which cannot be read.
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

    /// Takes the last calls for text: a sentence goes on behind them.
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

    /// Whether what stands before this place quotes it.
    private var isQuoted: Bool {
        guard last == nil else { return false }
        let before = bytes[..<at].suffix(CallQuotation.longestLine)
        return CallQuotation.opens(behind: before.count < at ? Array(before) : line + before)
    }

    /// Whether words stand behind the last end of what began here.
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

    /// Reads the calls that begin here.
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

    /// The calls of a text that is nothing but code.
    private func fencedCalls() -> [ToolCall]? {
        guard bytes.starts(with: "```".utf8), let line = bytes.firstIndex(of: 0x0A),
            let start = bytes[line...].firstIndex(where: { $0 > 0x20 }), var end = endOfCalls(from: start)
        else { return nil }
        while end > start, bytes[end - 1] <= 0x20 { end -= 1 }
        guard bytes[..<end].suffix(3).elementsEqual("```".utf8), end - 3 > start else { return nil }
        var group = CallGroup(Array(bytes[start..<end - 3]), tools, at: 0)
        return group.readPlain() ? group.calls : nil
    }

    /// Where the calls end that begin with a fence: before what a server forgot to cut off, and before what the model takes
    /// for their results.
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

    // MARK: - What cannot be read

    /// Whether what begins here names a tool.
    private func namesTool() -> Bool {
        let text = String(decoding: bytes[at...].prefix(400), as: UTF8.self)
        return text.split { !$0.isLetter && !$0.isNumber && !"_-.:".contains($0) }.prefix(16).contains {
            CallBeginning.names(String($0), tools)
        }
    }

    /// Whether an object that does not end names a tool and has arguments.
    private func beginsPlainCall() -> Bool {
        let text = String(decoding: bytes[at...].prefix(2000).filter { $0 > 0x20 }, as: UTF8.self)
        guard ["arguments", "parameters", "args"].contains(where: { text.contains("\"\($0)\":{") }),
            let start = text.firstRange(of: "\"name\":\"")
        else { return false }
        return CallBeginning.names(String(text[start.upperBound...].prefix { $0 != "\"" }), tools)
    }
}
