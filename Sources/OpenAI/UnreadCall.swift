import JSON

/// Detects that a text ends with a call that isn't run, because its format is unknown or it may just as well be an
/// example: the user should know that nothing was run.
enum UnreadCall {
    /// Maximum number of bytes at the end of the text to examine.
    private static let longest = 65_536
    /// Maximum number of possible object beginnings to try.
    private static let maxTries = 64
    /// Languages whose code contains function calls of its own.
    private static let languages: Set<String> = ["python", "py", "python3", "bash", "sh", "javascript", "js", "swift"]

    /// Whether a text ends with such a call.
    static func ends(_ text: String, _ tools: [FunctionTool]) -> Bool {
        var bytes = Array(text.utf8.suffix(longest))
        trim(&bytes)
        // A block quotation is ignored.
        let line = bytes.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        guard let last = bytes.last, bytes[line...].first(where: { $0 > 0x20 }) != 0x3E else { return false }
        if last == 0x60 { return endsInCode(bytes, tools) }
        if last == 0x7D || last == 0x5D { return endsInNamedObject(bytes, tools) || endsInPython(bytes, tools) }
        if last == 0x3E { return endsInElement(bytes, tools) || endsInMarkedObject(bytes, tools) }
        return last == 0x29 && endsInPython(bytes, tools)
    }

    private static func trim(_ bytes: inout [UInt8]) {
        while let last = bytes.last, last <= 0x20 { bytes.removeLast() }
    }

    private static func isCall(_ bytes: some Sequence<UInt8>, _ tools: [FunctionTool]) -> Bool {
        var group = CallGroup(Array(bytes), tools, at: 0)
        return group.readPlain()
    }

    // MARK: - Code

    private static func endsInCode(_ bytes: [UInt8], _ tools: [FunctionTool]) -> Bool {
        let ticks = bytes.reversed().prefix { $0 == 0x60 }.count
        let body = Array(bytes.dropLast(ticks))
        guard ticks >= 3 else {
            // The whole text is a code span.
            return bytes.prefix { $0 == 0x60 }.count == ticks && isCall(body.dropFirst(ticks), tools)
        }
        guard let fence = lastFence(body, ticks) else { return false }
        let line = body[fence...].prefix { $0 != 0x0A }
        let word = String(decoding: line.drop { $0 == 0x60 }.filter { $0 > 0x20 }, as: UTF8.self).lowercased()
        var code = Array(body[line.endIndex...])
        trim(&code)
        if languages.contains(word), !String(decoding: code, as: UTF8.self).contains("default_api.") { return false }
        if body[..<fence].allSatisfy({ $0 <= 0x20 }), CallBeginning.isMarked(code, at: 0, tools) { return true }
        return isCall(code, tools) || isNamedObject(code, behind: body[..<fence], tools)
    }

    /// Returns the start of the last opening fence.
    private static func lastFence(_ bytes: [UInt8], _ ticks: Int) -> Int? {
        var place = bytes.count
        while place >= ticks {
            guard let found = bytes[..<place].lastIndex(of: 0x60) else { return nil }
            let start = bytes[..<found].lastIndex { $0 != 0x60 }.map { $0 + 1 } ?? 0
            if found + 1 - start >= ticks { return start }
            place = start
        }
        return nil
    }

    // MARK: - Objects, elements and Python-style calls

    private static func endsInNamedObject(_ bytes: [UInt8], _ tools: [FunctionTool]) -> Bool {
        var place = 0
        for _ in 0..<maxTries {
            guard let start = bytes[place...].firstIndex(where: { $0 == 0x7B || $0 == 0x5B }) else { return false }
            guard let end = JSON.endOfValue(in: bytes, from: start) else {
                place = start + 1
                continue
            }
            if end == bytes.count { return isNamedObject(Array(bytes[start...]), behind: bytes[..<start], tools) }
            place = end
        }
        return false
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

    private static func endsInPython(_ bytes: [UInt8], _ tools: [FunctionTool]) -> Bool {
        let start = bytes.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let line = Array(bytes[start...].drop { $0 <= 0x20 })
        if isCall(line, tools) { return true }
        let text = String(decoding: line.prefix(120), as: UTF8.self)
        return [" = ", "await ", "return "].contains { sign in
            guard let range = text.firstRange(of: sign) else { return false }
            let words = text[..<range.lowerBound]
            guard words.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }) else { return false }
            return isCall(line.dropFirst(text[..<range.upperBound].utf8.count), tools)
        }
    }

    /// Whether the text ends with an object between marks, the first of which is unknown.
    private static func endsInMarkedObject(_ bytes: [UInt8], _ tools: [FunctionTool]) -> Bool {
        var place = bytes.count
        for _ in 0..<4 {
            guard let found = bytes[..<place].lastIndex(where: Mark.mayBegin) else { return false }
            guard case .mark(let mark) = Mark.read(bytes, at: found, isWhole: true), mark.isEnd else { return false }
            place = found
            var rest = Array(bytes[..<found])
            trim(&rest)
            if rest.last == 0x7D { return endsInNamedObject(rest, tools) }
        }
        return false
    }

    private static func endsInElement(_ bytes: [UInt8], _ tools: [FunctionTool]) -> Bool {
        tools.contains { tool in
            bytes.reversed().starts(with: "</\(tool.name)>".utf8.reversed())
                && String(decoding: bytes, as: UTF8.self).contains("<\(tool.name)>")
        }
    }
}
