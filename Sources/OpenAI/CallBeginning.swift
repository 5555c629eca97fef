/// Detects the beginning of possible tool calls early: everything after it is held back.
enum CallBeginning {
    /// Maximum number of bytes to examine.
    private static let maxBytes = 240
    /// How calls without marks start, in lower case and without whitespace.
    private static let objects: [[UInt8]] = {
        let keys = [
            "name", "function", "tool", "tool_name", "tool_calls", "arguments", "parameters", "args", "action",
            "action_input", "function_name", "function_call", "functioncall", "tool_call", "tool_use", "tool_input",
            "tool_uses", "calls", "recipient_name", "thought", "thoughts", "reasoning",
        ]
        let members =
            keys.map { "\"\($0)\"" } + [
                "\"type\":\"function", "\"type\":\"tool_", "\"id\":\"call", "\"id\":\"toolu",
            ]
        // Recipients in message heads whose marks were stripped.
        let heads = ["commentaryto=", "assistantcommentaryto=", "assistantanalysisto=", "to=functions."]
        return (members.flatMap { ["{\($0)", "[{\($0)", "functools[{\($0)"] } + heads).map { Array($0.utf8) }
    }()
    /// Words that servers write before a tool's name.
    static let signs: Set<String> = [
        "function", "functions", "assistant", "commentary", "analysis", "json", "code", "functools", "call", "tool",
    ]

    /// Whether an object, an array of objects or a word at this position looks like calls; `nil` if more input is
    /// needed.
    private static func isObject(_ text: [UInt8], at place: Int, _ isWhole: Bool) -> Bool? {
        var packed: [UInt8] = []
        for byte in text[place...].prefix(maxBytes) where byte > 0x20 {
            packed.append(0x41...0x5A ~= byte ? byte | 0x20 : byte)
            guard objects.contains(where: { $0.starts(with: packed) || packed.starts(with: $0) }) else { return false }
            if packed.count > 24 { break }
        }
        if objects.contains(where: { packed.starts(with: $0) }) { return true }
        return isWhole || text.count - place >= maxBytes ? false : nil
    }

    /// Whether calls without marks begin at this position; `nil` if more input is needed.
    ///
    /// - Parameter mayBePython: whether to also accept a Python-style call without surrounding brackets.
    static func isUnmarked(
        _ text: [UInt8], at place: Int, _ tools: [FunctionTool], _ isWhole: Bool, mayBePython: Bool
    ) -> Bool? {
        guard place < text.count else { return isWhole ? false : nil }
        let byte = text[place]
        guard let isKnown = isObject(text, at: place, isWhole) else { return nil }
        if isKnown { return true }
        guard !tools.isEmpty else { return false }
        guard let isNamed = NamedCall.begins(text, at: place, tools, isWhole) else { return nil }
        if isNamed { return true }
        if byte == 0x7B { return namesTool(text, at: place, tools, isWhole) }
        guard mayBePython || byte == 0x5B else { return false }
        let start = byte == 0x5B ? place + 1 : place
        let word = text[start...].prefix(maxBytes).prefix { isOfName($0) }
        guard word.endIndex < text.count else {
            return isWhole || word.count >= maxBytes || !mayName(String(decoding: word, as: UTF8.self), tools)
                ? false : nil
        }
        return text[word.endIndex] == 0x28 && names(String(decoding: word, as: UTF8.self), tools)
    }

    /// Whether an object starts with a tool's name as its key: `{"run": {…}}`.
    private static func namesTool(
        _ text: [UInt8], at place: Int, _ tools: [FunctionTool], _ isWhole: Bool
    ) -> Bool? {
        let packed = text[place...].prefix(maxBytes).filter { $0 > 0x20 }
        let begins = tools.map { Array("{\"\($0.name)\":{".utf8) }
        if begins.contains(where: { packed.starts(with: $0) }) { return true }
        return isWhole || !begins.contains { $0.starts(with: packed) } ? false : nil
    }

    /// Whether a partial word may become the name of a tool.
    static func mayName(_ word: String, _ tools: [FunctionTool]) -> Bool {
        let beginning = word.lowercased()
        let names = tools.map { $0.name.lowercased() }
        return ["", "default_api.", "functions.", "tools."].contains { prefix in
            prefix.hasPrefix(beginning) && !prefix.isEmpty
                || beginning.hasPrefix(prefix) && names.contains { $0.hasPrefix(beginning.dropFirst(prefix.count)) }
        }
    }

    private static let toolLabels: Set<String> = [
        "tool_code", "tool_call", "tool_calls", "tool_use", "tools", "tool", "function_call",
    ]

    /// Whether a fence is labeled as containing tool calls.
    static func isFence(forTools line: ArraySlice<UInt8>) -> Bool { label(of: line).map(toolLabels.contains) ?? false }

    /// Whether a fence may contain a call if it is the whole answer: its label says so, or says nothing else.
    ///
    /// - Parameter areMarked: whether the calls have marks, which look like XML.
    static func isFence(forCalls line: ArraySlice<UInt8>, areMarked: Bool) -> Bool {
        label(of: line).map { ["", "json"].contains($0) || toolLabels.contains($0) || areMarked && $0 == "xml" }
            ?? false
    }

    /// Returns the label of a fence of three backticks in lower case; `nil` for another fence.
    private static func label(of line: ArraySlice<UInt8>) -> String? {
        let label = line.drop { $0 == 0x60 }
        guard line.count - label.count == 3 else { return nil }
        return String(decoding: label.filter { $0 > 0x20 }, as: UTF8.self).lowercased()
    }

    /// Whether a possible call follows a mark; `nil` if more input is needed.
    ///
    /// - Parameter isInLine: whether the mark follows other words on its line, where stronger evidence is required.
    static func follows(
        _ mark: Mark, in text: [UInt8], _ tools: [FunctionTool], _ isWhole: Bool, isInLine: Bool
    ) -> Bool? {
        if let value = mark.value { return !isInLine || names(value, tools) }
        if mark.word == "toolcode" || mark.word == "toolcall:begin" { return true }
        let next = text[mark.end...].prefix(maxBytes).firstIndex { $0 > 0x20 }
        guard let next else { return isWhole || text.count - mark.end >= maxBytes ? false : nil }
        switch text[next] {
        case 0x7B, 0x60: return true
        case 0x5B where mark.kind != .element: return true
        default: break
        }
        if Mark.mayBegin(with: text[next]) {
            switch Mark.read(text, at: next, isWhole: isWhole) {
            case .partial: return nil
            case .mark(let mark):
                return !mark.isEnd && [.calls, .element, .separator, .turn, .channel].contains(mark.kind)
            case .none: return false
            }
        }
        let word = text[next...].prefix(maxBytes).prefix { isOfName($0) }
        guard word.endIndex < text.count || isWhole else { return word.count >= maxBytes ? false : nil }
        let name = String(decoding: word, as: UTF8.self)
        return names(name, tools) || signs.contains(String(name.prefix { $0 != ":" }))
    }

    /// Whether calls with or without marks begin at this position, which is the start of a line; `nil` if more input
    /// is needed.
    static func isAny(_ text: [UInt8], at place: Int, _ tools: [FunctionTool], _ isWhole: Bool) -> Bool? {
        guard place < text.count else { return isWhole ? false : nil }
        if Mark.mayBegin(with: text[place]) {
            switch Mark.read(text, at: place, isWhole: isWhole) {
            case .partial: return nil
            case .none: break
            case .mark(let mark):
                guard !mark.isEnd, [.calls, .element].contains(mark.kind) else {
                    return isMarked(text, at: place, tools)
                }
                return follows(mark, in: text, tools, isWhole, isInLine: false)
            }
        }
        return isUnmarked(text, at: place, tools, isWhole, mayBePython: false)
    }

    /// Whether a call with marks begins at a position in a complete text.
    static func isMarked(_ text: [UInt8], at place: Int, _ tools: [FunctionTool]) -> Bool {
        guard case .mark(let mark) = Mark.read(text, at: place, isWhole: true), !mark.isEnd else { return false }
        switch mark.kind {
        case .calls, .element: return follows(mark, in: text, tools, true, isInLine: true) == true
        case .turn, .channel:
            guard case .head(let head) = MessageHead.read(text, at: mark.end, of: mark.kind, true) else { return false }
            return head.recipient != nil
        default: return false
        }
    }

    /// Whether a name refers to one of the tools.
    static func names(_ name: String, _ tools: [FunctionTool]) -> Bool {
        let known = tools.map(\.name)
        let word = name.hasSuffix(".call") ? String(name.dropLast(5)) : name
        return known.contains(ToolName.meant(by: word, among: known))
    }

    /// Whether a byte may occur in a tool's name, including server-specific separators.
    static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x3A, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D, 0x2E, 0x2F, 0x3D, 0x80...: true
        default: false
        }
    }
}
