import JSON

/// Detects that a text ends with a call that isn't run, because its format is unknown or it may just as well be an
/// example: the user should know that nothing was run.
enum UnreadCall {
    /// Maximum number of bytes at the end of the text to examine.
    private static let maxBytes = 65_536
    /// Maximum number of possible object beginnings to try.
    private static let maxTries = 64
    /// Languages whose code contains function calls of its own.
    private static let languages: Set<String> = ["python", "py", "python3", "bash", "sh", "javascript", "js", "swift"]

    /// A call at the end of a text.
    struct Found {
        /// The text before it, or the end of it.
        let before: ArraySlice<UInt8>
        /// The call as the model wrote it.
        let source: ArraySlice<UInt8>
    }

    /// Returns the call that a text ends with; `nil` for none.
    static func atEnd(of text: String, _ tools: [FunctionTool]) -> Found? {
        var bytes = text.utf8.suffix(maxBytes).map { $0 == 0x0D ? 0x0A : $0 }
        trim(&bytes)
        // ChatGLM ends a call with the begin mark of the tool's result.
        if let found = bytes.lastIndex(of: 0x3C), case .mark(let mark) = Mark.read(bytes, at: found, isWhole: true),
            mark.end == bytes.count, Mark.speakers.contains(mark.word)
        {
            bytes.removeSubrange(found...)
            trim(&bytes)
        }
        return start(of: bytes, tools).map { Found(before: bytes[..<$0], source: bytes[$0...]) }
    }

    private static func start(of bytes: [UInt8], _ tools: [FunctionTool]) -> Int? {
        // A block quotation is ignored.
        let line = bytes.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        guard let last = bytes.last, bytes[line...].first(where: { $0 > 0x20 }) != 0x3E else { return nil }
        if last == 0x60 || last == 0x7E { return startOfCode(bytes, tools) }
        if let start = startOfMarked(bytes, tools) { return start }
        if last == 0x7D || last == 0x5D { return startOfObject(bytes, tools) ?? startOfPython(bytes, tools) }
        if last == 0x3E { return startOfElement(bytes, tools) ?? startOfMarkedObject(bytes, tools) }
        return last == 0x29 ? startOfPython(bytes, tools) : nil
    }

    private static func trim(_ bytes: inout [UInt8]) {
        while let last = bytes.last, last <= 0x20 { bytes.removeLast() }
    }

    private static func isCall(_ bytes: some Sequence<UInt8>, _ tools: [FunctionTool]) -> Bool {
        var group = CallGroup(Array(bytes), tools, at: 0)
        return group.readPlain()
    }

    private static func isJSONCall(_ bytes: [UInt8], _ tools: [FunctionTool]) -> Bool {
        (try? JSON.parseModelText(bytes)).flatMap { CallJSON.calls(of: $0, tools, isPlain: true) } != nil
    }

    // MARK: - Code

    private static func startOfCode(_ bytes: [UInt8], _ tools: [FunctionTool]) -> Int? {
        guard let sign = bytes.last else { return nil }
        let ticks = bytes.reversed().prefix { $0 == sign }.count
        let body = Array(bytes.dropLast(ticks))
        guard ticks >= 3 else {
            // The whole text is a code span.
            guard sign == 0x60, bytes.prefix(while: { $0 == sign }).count == ticks else { return nil }
            let code = Array(body.dropFirst(ticks))
            let start = code.firstIndex { $0 > 0x20 } ?? 0
            return isCall(code, tools) || isPositional(code, tools) || CallBeginning.isMarked(code, at: start, tools)
                ? 0 : nil
        }
        guard let fence = lastFence(body, sign, ticks) else { return nil }
        let line = body[fence...].prefix { $0 != 0x0A }
        let word = String(decoding: line.drop { $0 == sign }.filter { $0 > 0x20 }, as: UTF8.self).lowercased()
        var code = Array(body[line.endIndex...].drop { $0 <= 0x20 })
        trim(&code)
        if code.starts(with: "tool_call(".utf8), endsInToolName(body[..<fence], tools) { return fence }
        let isAlone = body[..<fence].allSatisfy { $0 <= 0x20 }
        if isAlone, CallBeginning.isMarked(code, at: 0, tools) { return fence }
        if languages.contains(word), !String(decoding: code, as: UTF8.self).contains("default_api.") {
            return isAlone && JSON.endOfValue(in: code, from: 0) == code.count && isJSONCall(code, tools) ? fence : nil
        }
        let isFound =
            isCall(code, tools) || isAlone && isPositional(code, tools)
            || isNamedObject(code, behind: body[..<fence], tools)
        return isFound ? fence : nil
    }

    /// Whether the last word of a text is the name of a tool.
    private static func endsInToolName(_ text: ArraySlice<UInt8>, _ tools: [FunctionTool]) -> Bool {
        let word = text.suffix(120).split { !CallBeginning.isOfName($0) || $0 == 0x3A }.last ?? []
        let name = String(decoding: word, as: UTF8.self)
        return tools.contains { $0.name == name }
    }

    /// Returns the start of the last opening fence.
    private static func lastFence(_ bytes: [UInt8], _ sign: UInt8, _ ticks: Int) -> Int? {
        var place = bytes.count
        while place >= ticks {
            guard let found = bytes[..<place].lastIndex(of: sign) else { return nil }
            let start = bytes[..<found].lastIndex { $0 != sign }.map { $0 + 1 } ?? 0
            if found + 1 - start >= ticks { return start }
            place = start
        }
        return nil
    }

    // MARK: - Objects, elements and Python-style calls

    /// Returns the start of the object or array that ends the text.
    private static func startOfLastValue(_ bytes: [UInt8]) -> Int? {
        var place = 0
        for _ in 0..<maxTries {
            guard let start = bytes[place...].firstIndex(where: { $0 == 0x7B || $0 == 0x5B }) else { return nil }
            guard let end = JSON.endOfValue(in: bytes, from: start) else {
                place = start + 1
                continue
            }
            if end == bytes.count { return start }
            place = end
        }
        return nil
    }

    private static func startOfNamedObject(_ bytes: [UInt8], _ tools: [FunctionTool]) -> Int? {
        startOfLastValue(bytes).flatMap {
            isNamedObject(Array(bytes[$0...]), behind: bytes[..<$0], tools) ? $0 : nil
        }
    }

    /// Returns the start of an object that ends the text and is a call, by itself or with a name before it.
    private static func startOfObject(_ bytes: [UInt8], _ tools: [FunctionTool]) -> Int? {
        guard let start = startOfLastValue(bytes) else { return nil }
        if isNamedObject(Array(bytes[start...]), behind: bytes[..<start], tools) { return start }
        return isCall(bytes[start...], tools) && !isQuoted(bytes[..<start]) ? start : nil
    }

    /// Whether what follows a text is quoted by it.
    private static func isQuoted(_ text: ArraySlice<UInt8>) -> Bool {
        var context = TextContext()
        context.add(text)
        return CallPolicy(hasToolChannel: false).verdict(.bare, in: context) == .quoted
    }

    /// Returns the start of a call with marks that ends the text on lines of its own, behind a backtick that is never
    /// closed: it may open code, and is an ordinary character according to CommonMark.
    private static func startOfMarked(_ bytes: [UInt8], _ tools: [FunctionTool]) -> Int? {
        var place = bytes.count
        for _ in 0..<maxTries {
            let line = bytes[..<place].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
            if let start = bytes[line..<place].firstIndex(where: { $0 > 0x20 }),
                CallBeginning.isMarked(bytes, at: start, tools)
            {
                var before = TextContext()
                before.add(bytes[..<start])
                var group = CallGroup(bytes, tools, at: start)
                return before.isInSpan && group.read(isInLine: false) && group.end == bytes.count ? start : nil
            }
            guard line > 0 else { return nil }
            place = line - 1
        }
        return nil
    }

    /// Whether an object matches the parameters of a tool named in the last words before it.
    private static func isNamedObject(
        _ object: [UInt8], behind text: ArraySlice<UInt8>, _ tools: [FunctionTool]
    ) -> Bool {
        guard let value = try? JSON.parseModelText(object), let members = value.objectValue, !members.isEmpty else {
            return false
        }
        let words = String(decoding: text.suffix(120), as: UTF8.self)
            .split { !($0.isLetter || $0.isNumber || "_-.".contains($0)) }.suffix(4)
        return words.contains { word in
            tools.contains { $0.name == word && CallJSON.fits(members, $0.name, tools) }
        }
    }

    private static func startOfPython(_ bytes: [UInt8], _ tools: [FunctionTool]) -> Int? {
        let start = bytes.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let line = Array(bytes[start...].drop { $0 <= 0x20 })
        if isCall(line, tools) || isPositional(line, tools) { return start }
        if let call = startBehindWords(line, tools) { return bytes.count - line.count + call }
        let text = String(decoding: line.prefix(120), as: UTF8.self)
        let isAssigned = [" = ", "await ", "return "].contains { sign in
            guard let range = text.firstRange(of: sign) else { return false }
            let words = text[..<range.lowerBound]
            guard words.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }) else { return false }
            return isCall(line.dropFirst(text[..<range.upperBound].utf8.count), tools)
        }
        return isAssigned ? start : nil
    }

    /// Returns the start of a call that ends a line behind a colon or a finished sentence.
    private static func startBehindWords(_ line: [UInt8], _ tools: [FunctionTool]) -> Int? {
        var tries = 0
        for (place, byte) in line.enumerated() where byte == 0x20 && tries < maxTries {
            guard place > 0, let next = line[place...].firstIndex(where: { $0 != 0x20 }),
                [0x21, 0x2E, 0x3A, 0x3F].contains(line[place - 1])
            else { continue }
            tries += 1
            let call = line[next...]
            if isCall(call, tools) || isPositional(call, tools), !isQuoted(line[..<next]) { return next }
        }
        return nil
    }

    /// Whether a text is a tool's name and quoted arguments without their names: `run('ls')`.
    static func isPositional(_ text: some Sequence<UInt8>, _ tools: [FunctionTool]) -> Bool {
        let text = text.filter { $0 > 0x20 }
        let name = text.prefix { CallBeginning.isOfName($0) }
        let arguments = text[name.endIndex...]
        guard arguments.first == 0x28, arguments.last == 0x29, arguments.count > 3,
            let quote = arguments.dropFirst().first, [0x22, 0x27].contains(quote),
            arguments.dropLast().last == quote || arguments.dropFirst(2).contains(quote)
        else { return false }
        let word = String(decoding: name, as: UTF8.self)
        return tools.contains { $0.name == word || "functions.\($0.name)" == word || "default_api.\($0.name)" == word }
    }

    /// Returns the start of an object between marks that ends the text; the first of the marks is unknown.
    private static func startOfMarkedObject(_ bytes: [UInt8], _ tools: [FunctionTool]) -> Int? {
        var place = bytes.count
        for _ in 0..<4 {
            guard let found = bytes[..<place].lastIndex(where: Mark.mayBegin) else { return nil }
            guard case .mark(let mark) = Mark.read(bytes, at: found, isWhole: true), mark.isEnd else { return nil }
            place = found
            var rest = Array(bytes[..<found])
            trim(&rest)
            if rest.last == 0x7D { return startOfNamedObject(rest, tools) }
        }
        return nil
    }

    private static func startOfElement(_ bytes: [UInt8], _ tools: [FunctionTool]) -> Int? {
        tools.lazy.compactMap { tool in
            guard bytes.reversed().starts(with: "</\(tool.name)>".utf8.reversed()) else { return nil }
            return bytes.firstRange(of: Array("<\(tool.name)>".utf8))?.lowerBound
        }.first
    }
}
