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
    private static let mostFailures = 16

    private let bytes: [UInt8]
    private let tools: [FunctionTool]
    private var at = 0
    private var failures = 0
    private var reading = Reading()

    /// Reads the calls of a text that begins where the first may.
    ///
    /// - Parameter isSure: whether what it begins with can hardly be anything but a call.
    static func read(_ bytes: [UInt8], _ tools: [FunctionTool], isSure: Bool) -> Reading {
        var reader = WrittenCalls(bytes: bytes, tools: tools)
        reader.read(isSure: isSure)
        var reading = reader.reading
        if reading.calls.isEmpty { reading.text = bytes }
        if !reading.text.contains(where: { $0 > 0x20 }) { reading.text = [] }
        return reading
    }

    private init(bytes: [UInt8], tools: [FunctionTool]) {
        self.bytes = bytes
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
                copyCode(isLineBlank: isLineBlank)
                isLineBlank = false
                continue
            } else if byte > 0x20 {
                // What the model takes for a result, it made up: the real one comes.
                if !reading.calls.isEmpty, case .mark(let mark) = Mark.read(bytes, at: at, isWhole: true),
                    mark.kind == .result
                {
                    return
                }
                if failures < Self.mostFailures, readCalls(isAtStart: isLineBlank, isSure: isSure && at == 0) {
                    isLineBlank = true
                    continue
                }
                isLineBlank = false
            }
            reading.text.append(byte)
            at += 1
        }
    }

    /// Reads the calls that begin here.
    ///
    /// - Returns: whether there are any.
    private mutating func readCalls(isAtStart: Bool, isSure: Bool) -> Bool {
        if CallBeginning.isMarked(bytes, at: at, tools) || isSure && Mark.mayBegin(with: bytes[at]) {
            var group = CallGroup(bytes, tools, at: at)
            if group.read(isInLine: !isAtStart) {
                reading.calls += group.calls
                at = group.end
                return true
            }
            failures += 1
            reading.isUnread = reading.isUnread || isSure || namesTool()
            return false
        }
        guard isAtStart || at == 0, CallBeginning.isUnmarked(bytes, at: at, at == 0 ? tools : [], true) == true else {
            return false
        }
        var group = CallGroup(bytes, tools, at: at)
        if group.readPlain() {
            reading.calls += group.calls
            at = group.end
            return true
        }
        failures += 1
        reading.isUnread = reading.isUnread || (!group.isWhole && beginsPlainCall())
        return false
    }

    /// The calls of a text that is nothing but code.
    private func fencedCalls() -> [ToolCall]? {
        guard bytes.starts(with: "```".utf8), let line = bytes.firstIndex(of: 0x0A),
            let start = bytes[line...].firstIndex(where: { $0 > 0x20 })
        else { return nil }
        var end = bytes.count
        while end > start, bytes[end - 1] <= 0x20 { end -= 1 }
        guard bytes[..<end].suffix(3).elementsEqual("```".utf8), end - 3 > start else { return nil }
        var group = CallGroup(Array(bytes[start..<end - 3]), tools, at: 0)
        return group.readPlain() ? group.calls : nil
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
