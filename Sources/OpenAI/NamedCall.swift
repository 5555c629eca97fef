import JSON

/// Parses calls that start with a label or a tool's name instead of a mark: `Action: run`, `run` above an object,
/// `<run>` around its arguments.
///
/// They start on a new line, and count as calls only if they name a tool and their arguments match its parameters.
enum NamedCall {
    /// Maximum number of bytes to examine at the beginning.
    private static let maxBytes = 240
    /// Labels of the name and of the arguments, in lower case.
    private static let labels = [("action:", "action input:"), ("✿function✿:", "✿args✿:")].map {
        (name: Array($0.utf8), arguments: Array($1.utf8))
    }
    /// Prefixes that servers write before a name.
    private static let signs = [">>>", "call:"].map { Array($0.utf8) }
    /// How a model may introduce an invented tool result.
    private static let results = ["observation:", "✿result✿", "✿return✿", "```tool_output"].map { Array($0.utf8) }

    /// Whether such a call begins at this position, which must be the start of a line; `nil` if more input is needed.
    static func begins(_ text: [UInt8], at place: Int, _ tools: [FunctionTool], _ isWhole: Bool) -> Bool? {
        guard place < text.count, !tools.isEmpty else { return false }
        if text[place] == 0x3C { return CallElement.begins(text, at: place, tools, isWhole) }
        for answer in [label(text, place, tools, isWhole), name(text, place, tools, isWhole)] where answer != false {
            return answer
        }
        return false
    }

    /// Parses the calls that begin at this position.
    ///
    /// - Returns: the calls and the position after them; `nil` if none, or not all of them can be parsed.
    static func read(_ text: [UInt8], at place: Int, _ tools: [FunctionTool]) -> (calls: [ChatToolCall], end: Int)? {
        guard place < text.count else { return nil }
        if text[place] == 0x3C {
            guard let (call, end) = CallElement.read(text, at: place, tools) else { return nil }
            return ([call], end)
        }
        return readLabelled(text, at: place, tools) ?? readNamed(text, at: place, tools)
    }

    /// Whether the text at this position is clearly intended as a call, even if it isn't a valid one: other words
    /// follow it, it is truncated, or its arguments don't match the tool's parameters.
    static func isClear(_ text: [UInt8], at place: Int, _ tools: [FunctionTool]) -> Bool {
        guard begins(text, at: place, tools, true) == true else { return false }
        if read(text, at: place, tools) != nil { return true }
        if text[place] == 0x3C { return CallElement.isClear(text, at: place, tools) }
        if let (label, start) = labelled(text, at: place) {
            let line = text[start...].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? text.count
            let next = skip(text, line) { $0 <= 0x20 || $0 == 0x2A }
            return matches(text, at: next, label.arguments) == .whole
        }
        guard let brace = text[place...].firstIndex(of: 0x7B), JSON.endOfValue(in: text, from: brace) == nil else {
            return false
        }
        return text[(brace + 1)...].first { $0 > 0x20 } == 0x22
    }

    /// Returns the label at this position, and the position after it.
    private static func labelled(
        _ text: [UInt8], at place: Int
    ) -> (label: (name: [UInt8], arguments: [UInt8]), start: Int)? {
        let start = place + text[place...].prefix(2).prefix { $0 == 0x2A }.count
        return labels.first { matches(text, at: start, $0.name) == .whole }.map { ($0, start + $0.name.count) }
    }

    /// Whether the text at this position is a tool result that the model invented.
    static func isResult(_ text: [UInt8], at place: Int) -> Bool {
        if case .mark(let mark) = Mark.read(text, at: place, isWhole: true), mark.kind == .result { return true }
        return results.contains { matches(text, at: place, $0) == .whole }
    }

    // MARK: - Words

    private enum Match { case no, partial, whole }

    private static func matches(_ text: [UInt8], at place: Int, _ word: [UInt8]) -> Match {
        let here = text[min(place, text.count)...].prefix(word.count)
        let isSame = zip(here, word).allSatisfy { byte, letter in
            byte == letter || 0x41...0x5A ~= byte && byte | 0x20 == letter
        }
        return isSame ? (here.count == word.count ? .whole : .partial) : .no
    }

    private static func skip(_ text: [UInt8], _ place: Int, where isBlank: (UInt8) -> Bool) -> Int {
        text[place...].firstIndex { !isBlank($0) } ?? text.count
    }

    /// Whether a byte is a space or a Markdown character around a word.
    private static func isOrnament(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x2A, 0x60].contains(byte) }

    /// Returns the name at this position without the separator after it.
    private static func word(_ text: [UInt8], at place: Int) -> (word: String, end: Int) {
        guard place < text.count, text[place] < 0x80 else { return ("", place) }
        let word = text[place...].prefix(maxBytes).prefix { CallBeginning.isOfName($0) && $0 != 0x3A && $0 != 0x3D }
        return (String(decoding: word, as: UTF8.self), word.endIndex)
    }

    // MARK: - Labels

    private static func label(_ text: [UInt8], _ place: Int, _ tools: [FunctionTool], _ isWhole: Bool) -> Bool? {
        let start = place + text[place...].prefix(2).prefix { $0 == 0x2A }.count
        for label in labels {
            switch matches(text, at: start, label.name) {
            case .no: continue
            case .partial:
                if isWhole { continue }
                return nil
            case .whole: break
            }
            let next = skip(text, start + label.name.count) { isOrnament($0) && $0 != 0x60 || $0 == 0x0A || $0 == 0x0D }
            guard next < text.count else { return isWhole || next - place > maxBytes ? false : nil }
            if [0x7B, 0x5B].contains(text[next]) { return true }
            let named = skip(text, next, where: isOrnament)
            // A fenced code block.
            if named - next >= 3 { return true }
            let (name, end) = word(text, at: named)
            guard end < text.count || isWhole else {
                return end - named < maxBytes && CallBeginning.mayName(name, tools) ? nil : false
            }
            return CallBeginning.names(name, tools)
        }
        return false
    }

    private static func readLabelled(
        _ text: [UInt8], at place: Int, _ tools: [FunctionTool]
    ) -> (calls: [ChatToolCall], end: Int)? {
        guard let (label, start) = labelled(text, at: place) else { return nil }
        let blank = skip(text, start) { isOrnament($0) && $0 != 0x60 || $0 <= 0x20 }
        if let (value, end) = object(text, at: blank) {
            return CallJSON.calls(of: value, tools, isPlain: true).map { ($0, end) }
        }
        let (name, nameEnd) = word(text, at: skip(text, blank, where: isOrnament))
        guard CallBeginning.names(name, tools) else { return nil }
        var at = skip(text, nameEnd) { isOrnament($0) || $0 <= 0x20 }
        if at < text.count, text[at] == 0x28 {
            at += 1
            guard let (value, end) = object(text, at: at), end < text.count, text[end] == 0x29 else { return nil }
            return call(name, value, tools).map { ([$0], end + 1) }
        }
        guard matches(text, at: at, label.arguments) == .whole else { return nil }
        at = skip(text, at + label.arguments.count) { $0 == 0x2A || $0 <= 0x20 }
        guard let (value, end) = object(text, at: at) else { return nil }
        return call(name, value, tools).map { ([$0], end) }
    }

    // MARK: - Names

    private static func name(_ text: [UInt8], _ place: Int, _ tools: [FunctionTool], _ isWhole: Bool) -> Bool? {
        var start = place
        for sign in signs {
            switch matches(text, at: place, sign) {
            case .no: continue
            case .partial: if !isWhole { return nil }
            case .whole: start = skip(text, place + sign.count) { $0 == 0x20 }
            }
        }
        let (name, end) = word(text, at: start)
        guard end < text.count else {
            return isWhole || name.utf8.count >= maxBytes || !CallBeginning.mayName(name, tools) ? false : nil
        }
        guard let first = name.first, [0x20, 0x09, 0x0A, 0x0D, 0x28, 0x3A, 0x7B].contains(text[end]),
            first.isLetter || first.isNumber || tools.contains(where: { $0.name == name }),
            CallBeginning.names(name, tools)
        else { return false }
        let next = skipSigns(text, end)
        guard next < text.count else { return isWhole || next - end > maxBytes ? false : nil }
        return text[next] == 0x7B
    }

    /// Skips the separators between a name and an object: whitespace, a colon, the number of the call, a bracket.
    private static func skipSigns(_ text: [UInt8], _ end: Int) -> Int {
        var at = end
        if at < text.count, text[at] == 0x3A { at = skip(text, at + 1) { 0x30...0x39 ~= $0 } }
        at = skip(text, at) { $0 <= 0x20 || $0 == 0x3A }
        return at < text.count && text[at] == 0x28 ? skip(text, at + 1) { $0 <= 0x20 } : at
    }

    private static func readNamed(
        _ text: [UInt8], at place: Int, _ tools: [FunctionTool]
    ) -> (calls: [ChatToolCall], end: Int)? {
        let sign = signs.first { matches(text, at: place, $0) == .whole } ?? []
        let (name, nameEnd) = word(text, at: skip(text, place + sign.count) { !sign.isEmpty && $0 == 0x20 })
        guard !name.isEmpty, CallBeginning.names(name, tools) else { return nil }
        let at = skipSigns(text, nameEnd)
        guard at < text.count, text[at] == 0x7B,
            let (value, end) = object(text, at: at)
                ?? LooseValue.members(text[at...]).map({ (JSON.object($0.object), $0.end) }),
            let call = call(name, value, tools)
        else { return nil }
        guard text[nameEnd..<at].contains(0x28) else { return ([call], end) }
        let close = skip(text, end) { $0 <= 0x20 }
        return close < text.count && text[close] == 0x29 ? ([call], close + 1) : nil
    }

    // MARK: - Arguments

    /// Parses the object or array at this position, which may be in a code span or block.
    private static func object(_ text: [UInt8], at place: Int) -> (value: JSON, end: Int)? {
        var at = place
        var ticks = 0
        if at < text.count, text[at] == 0x60 {
            at = skip(text, at) { $0 == 0x60 }
            ticks = at - place
            at = skip(text, at) { CallBeginning.isOfName($0) }
            at = skip(text, at) { $0 <= 0x20 }
        }
        guard at < text.count, text[at] == 0x7B || text[at] == 0x5B, var end = JSON.endOfValue(in: text, from: at),
            let value = try? JSON.parseModelText(Array(text[at..<end]))
        else { return nil }
        if ticks > 0 {
            let close = skip(text, end) { $0 <= 0x20 }
            guard text[close...].prefix(ticks).allSatisfy({ $0 == 0x60 }) else { return nil }
            end = min(close + ticks, text.count)
        }
        return (value, end)
    }

    private static func call(_ name: String, _ value: JSON, _ tools: [FunctionTool]) -> ChatToolCall? {
        guard let members = value.objectValue, let call = CallJSON.call(name, members, tools),
            CallJSON.fits(members, call.name, tools)
        else { return nil }
        return call
    }
}
