import JSON

/// Parses consecutive tool calls in a text, including what models and servers write around and between them.
struct CallGroup {
    private let bytes: [UInt8]
    private let tools: [FunctionTool]
    private var at: Int
    /// The tool whose arguments are expected next.
    private var name: String?
    /// Whether a begin mark is still open.
    private var isOpen = false
    private(set) var calls: [ChatToolCall] = []
    /// Position after the last call.
    private(set) var end: Int
    /// Whether a mark with bars ends them, which is a token of its own to the model.
    private(set) var endsWithToken = false
    /// Whether the last value parsed was complete.
    private(set) var isWhole = true

    /// Whether the tools accept the arguments of all calls.
    var fits: Bool {
        calls.allSatisfy { call in
            (try? JSON.parseModelText(Array(call.arguments.utf8)))?.objectValue.map {
                CallJSON.fits($0, call.name, tools)
            } ?? false
        }
    }

    init(_ bytes: [UInt8], _ tools: [FunctionTool], at start: Int) {
        self.bytes = bytes
        self.tools = tools
        at = start
        end = start
    }

    /// Parses calls with marks.
    ///
    /// - Parameter isInLine: whether they follow other words on their line; if so, they must be closed before other
    ///   words follow.
    /// - Returns: whether there are any.
    mutating func read(isInLine: Bool) -> Bool {
        while readNext() {}
        guard !calls.isEmpty, isOpen else { return !calls.isEmpty }
        // Not every model writes the end mark, but then nothing else may follow on the line.
        let rest = bytes[end...]
        let lineEnd = rest.firstIndex { $0 == 0x0A || $0 == 0x0D } ?? rest.endIndex
        if isInLine { return !rest.contains { $0 > 0x20 } }
        return !bytes[end..<lineEnd].contains { $0 > 0x20 }
    }

    /// Parses calls without marks, up to the end of the text.
    ///
    /// - Returns: whether the text contains nothing but calls.
    mutating func readPlain() -> Bool {
        if bytes[at...].starts(with: "functools".utf8) { at += 9 }
        while skipBlanks() {
            if case .mark(let mark) = Mark.read(bytes, at: at, isWhole: true), mark.isEnd,
                [.calls, .stop].contains(mark.kind), !calls.isEmpty
            {
                at = mark.end
                continue
            }
            if !calls.isEmpty, NamedCall.isResult(bytes, at: at) {
                // An invented result: the rest is ignored, since the real one follows.
                at = bytes.count
            } else if let (found, end) = NamedCall.read(bytes, at: at, tools) {
                calls += found
                at = end
            } else if calls.isEmpty, case .head(let head) = MessageHead.read(bytes, at: at, of: .turn, true),
                let recipient = head.recipient
            {
                at = head.end
                guard let object = value()?.objectValue, let call = CallJSON.call(recipient, object, tools),
                    CallJSON.fits(object, call.name, tools)
                else { return false }
                calls.append(call)
            } else if bytes[at] == 0x7B || bytes[at] == 0x5B, let value = value() {
                guard let found = CallJSON.calls(of: value, tools, isPlain: true) else { return false }
                calls += found
            } else if !readPlainPython() {
                return false
            }
        }
        end = at
        return !calls.isEmpty
    }

    /// Parses a Python-style call, or the brackets around a list of them.
    private mutating func readPlainPython() -> Bool {
        if bytes[at] == 0x5B && calls.isEmpty || bytes[at] == 0x5D && !calls.isEmpty {
            at += 1
            return true
        }
        let isPrinted = bytes[at...].starts(with: "print(".utf8)
        if isPrinted { at += 6 }
        let word = bytes[at...].prefix { CallBeginning.isOfName($0) }
        guard word.endIndex < bytes.count, bytes[word.endIndex] == 0x28,
            let (object, end) = LooseValue.members(bytes[word.endIndex...]),
            let call = CallJSON.call(String(decoding: word, as: UTF8.self), object, tools),
            CallJSON.fits(object, call.name, tools)
        else { return false }
        at = end
        if isPrinted {
            guard at < bytes.count, bytes[at] == 0x29 else { return false }
            at += 1
        }
        calls.append(call)
        return true
    }

    // MARK: - Parts

    /// - Returns: whether any input is left.
    private mutating func skipBlanks() -> Bool {
        while at < bytes.count, bytes[at] <= 0x20 || bytes[at] == 0x2C || bytes[at] == 0x3B { at += 1 }
        return at < bytes.count
    }

    private mutating func value() -> JSON? {
        guard let end = JSON.endOfValue(in: bytes, from: at) else {
            if let (value, end) = CallJSON.closed(bytes, from: at) {
                at = end
                return value
            }
            isWhole = false
            return nil
        }
        guard let value = try? JSON.parseModelText(Array(bytes[at..<end])) else { return nil }
        at = end
        return value
    }

    private mutating func add(_ found: [ChatToolCall]?) -> Bool {
        guard let found, !found.isEmpty else { return false }
        calls += found
        name = nil
        end = at
        return true
    }

    /// Parses the next part.
    ///
    /// - Returns: whether a valid part was found.
    private mutating func readNext() -> Bool {
        guard skipBlanks() else {
            if isOpen, name != nil { _ = addWithoutArguments(name) }
            return false
        }
        if isOpen, name == nil, let (call, end) = CallElement.read(bytes, at: at, tools) {
            at = end
            return add([call])
        }
        if Mark.mayBegin(with: bytes[at]), case .mark(let mark) = Mark.read(bytes, at: at, isWhole: true) {
            return read(mark)
        }
        switch bytes[at] {
        case 0x7B where isOpen || name != nil, 0x5B where isOpen || name != nil: return readValue()
        case 0x28 where name != nil: return readMembers()
        case 0x70 where isOpen && name == nil && bytes[at...].starts(with: "print(".utf8):
            at += 6
            return true
        // Surplus closing brackets.
        case 0x29 where isOpen && !calls.isEmpty, 0x5D where isOpen && !calls.isEmpty,
            0x7D where isOpen && !calls.isEmpty:
            at += 1
            end = at
            return true
        case 0x60 where isOpen:
            // Arguments between backticks, with an optional language label.
            at += bytes[at...].prefix { $0 == 0x60 }.count
            at += bytes[at...].prefix { CallBeginning.isOfName($0) }.count
            return true
        default: return isOpen && readName()
        }
    }

    private mutating func read(_ mark: Mark) -> Bool {
        switch mark.kind {
        case .calls where mark.isEnd, .stop:
            if name != nil, !addWithoutArguments(name) { return false }
            isOpen = false
            endsWithToken = mark.kind == .calls && mark.hasBars
            at = mark.end
            end = at
            return true
        case .calls where mark.value == nil, .element where !mark.isEnd && mark.value == nil:
            at = mark.end
            isOpen = true
            return true
        case .element where mark.isEnd:
            at = mark.end
            if !calls.isEmpty { end = at }
            return true
        case .calls, .element:
            at = mark.end
            return readElement(mark.value ?? "")
        case .separator where mark.word == "callid":
            at = bytes[mark.end...].firstIndex { Mark.mayBegin(with: $0) || $0 == 0x7B } ?? bytes.count
            return true
        case .separator, .message:
            // The text before it was the call's id.
            if mark.word == "toolcall:name" { name = nil }
            at = mark.end
            return true
        case .turn, .channel:
            guard case .head(let head) = MessageHead.read(bytes, at: mark.end, of: mark.kind, true),
                let recipient = head.recipient
            else { return false }
            name = recipient
            isOpen = true
            at = head.end
            return true
        case .key: return readPairs()
        case .thought, .answer, .parameter, .value, .result: return false
        }
    }

    private mutating func addWithoutArguments(_ name: String?) -> Bool {
        guard let name, let call = CallJSON.call(name, JSONObject(), tools),
            tools.first(where: { $0.name == call.name })?.parameters["required"]?.arrayValue?.isEmpty != false,
            tools.first(where: { $0.name == call.name })?.parameters["properties"]?.objectValue?.isEmpty != false
        else { return false }
        return add([call])
    }

    private mutating func readName() -> Bool {
        let word = bytes[at...].prefix { CallBeginning.isOfName($0) }
        guard !word.isEmpty else { return false }
        at = word.endIndex
        var text = String(decoding: word, as: UTF8.self)
        for sign in ["call:", "to="] where text.hasPrefix(sign) { text = String(text.dropFirst(sign.count)) }
        if text.hasSuffix(".call") { text = String(text.dropLast(5)) }
        if !CallBeginning.names(text, tools), CallBeginning.signs.contains(text) { return true }
        guard name == nil else { return false }
        name = text
        return true
    }

    private mutating func readValue() -> Bool {
        if isOpen, bytes[at...].starts(with: [0x7B, 0x7B]) { at += 1 }
        if let value = value() {
            guard let name else { return add(CallJSON.calls(of: value, tools, isPlain: false)) }
            return add(value.objectValue.flatMap { CallJSON.call(name, $0, tools) }.map { [$0] })
        }
        if bytes[at] == 0x5B {
            // A Python-style list of calls.
            at += 1
            return true
        }
        return readMembers()
    }

    private mutating func readMembers() -> Bool {
        guard let (object, end) = LooseValue.members(bytes[at...]) else { return false }
        at = end
        guard let name else { return add(CallJSON.calls(of: .object(object), tools, isPlain: false)) }
        return add(CallJSON.call(name, object, tools).map { [$0] })
    }

    // MARK: - Elements and pairs

    /// Parses the arguments of a call whose mark contains its name.
    private mutating func readElement(_ name: String) -> Bool {
        var arguments = JSONObject()
        while skipBlanks() {
            if bytes[at] == 0x7B, arguments.isEmpty {
                guard let object = value()?.objectValue else { return false }
                arguments = object
                continue
            }
            guard case .mark(let mark) = Mark.read(bytes, at: at, isWhole: true) else { break }
            if mark.isEnd, [.element, .calls].contains(mark.kind) {
                if mark.kind == .element { at = mark.end }
                // Misplaced arguments must not be mistaken for missing ones.
                if arguments.isEmpty { return addWithoutArguments(name) }
                return add(CallJSON.call(name, arguments, tools).map { [$0] })
            }
            guard mark.kind == .parameter, let key = mark.value else { break }
            guard let (text, end) = content(from: mark.end, of: .parameter, name) else { return false }
            arguments[key] = CallJSON.value(text, of: key, name, tools, isText: mark.isText)
            at = end
        }
        // Without an end mark, it counts as a call if its arguments are complete.
        guard !arguments.isEmpty else { return false }
        isOpen = true
        return add(CallJSON.call(name, arguments, tools).map { [$0] })
    }

    /// Parses the keys and values after a name.
    private mutating func readPairs() -> Bool {
        guard let name else { return false }
        var arguments = JSONObject()
        while skipBlanks(), case .mark(let mark) = Mark.read(bytes, at: at, isWhole: true), mark.kind == .key {
            guard let (key, keyEnd) = content(from: mark.end, of: .key) else { return false }
            at = keyEnd
            guard skipBlanks(), case .mark(let begin) = Mark.read(bytes, at: at, isWhole: true), begin.kind == .value,
                let (text, end) = content(from: begin.end, of: .value)
            else { return false }
            let trimmed = key.split(whereSeparator: \.isWhitespace).joined()
            arguments[trimmed] = CallJSON.value(text, of: trimmed, name, tools, isText: nil)
            at = end
        }
        return add(CallJSON.call(name, arguments, tools).map { [$0] })
    }

    /// Returns the text up to the end of an argument. The end mark may also occur within the argument, so the end is
    /// where the next part follows. An argument without an end was truncated and must not be taken as complete.
    private func content(from start: Int, of kind: Mark.Kind, _ name: String = "") -> (text: String, end: Int)? {
        // The end of the call, if the argument has no end mark of its own.
        var callEnd: Int?
        var place = start
        search: while let found = bytes[place...].firstIndex(of: 0x3C) {
            place = found + 1
            guard case .mark(let mark) = Mark.read(bytes, at: found, isWhole: true) else { continue }
            switch mark.kind {
            case kind where mark.isEnd && isFollowedByPart(mark.end):
                return (String(decoding: bytes[start..<found], as: UTF8.self), mark.end)
            case .parameter where kind == .parameter && !mark.isEnd && CallJSON.takes(mark.value, name, tools):
                let line = bytes[start..<found].last { $0 != 0x20 && $0 != 0x09 }
                if callEnd == nil, line == 0x0A { callEnd = found }
                if callEnd != nil { break search }
            case .element where mark.isEnd, .calls where mark.isEnd:
                if callEnd == nil, isFollowedByPart(mark.end) || bytes[mark.end...].first == 0x0A { callEnd = found }
            case .element, .calls:
                if callEnd != nil { break search }
            default: break
            }
        }
        return callEnd.map { (String(decoding: bytes[start..<$0], as: UTF8.self), $0) }
    }

    private func isFollowedByPart(_ place: Int) -> Bool {
        guard let next = bytes[place...].firstIndex(where: { $0 > 0x20 }) else { return true }
        guard case .mark(let mark) = Mark.read(bytes, at: next, isWhole: true) else { return false }
        return [.parameter, .element, .calls, .key, .value, .stop].contains(mark.kind)
    }
}
