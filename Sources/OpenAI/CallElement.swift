import JSON

/// Parses calls written as elements with ad hoc names: `<run><command>ls</command></run>`,
/// `<use_mcp_tool><tool_name>run</tool_name><arguments>{…}</arguments></use_mcp_tool>`.
enum CallElement {
    /// Maximum number of bytes to examine at the beginning.
    private static let maxBytes = 240
    /// Maximum number of end tags to try: the element's name may also occur in its arguments.
    private static let maxEnds = 8
    private static let wrappers: Set<String> = [
        "use_mcp_tool", "tool_call", "tool_use", "function_call", "invoke", "tool", "function", "action", "use_tool",
    ]
    private static let names: Set<String> = ["tool_name", "name", "tool", "function", "function_name", "action"]
    /// The subset of ``names`` that aren't ordinary words.
    private static let firstNames: Set<String> = ["tool_name", "tool", "function_name", "action"]
    private static let arguments: Set<String> = [
        "arguments", "parameters", "args", "params", "input", "tool_input", "tool_args", "action_input",
    ]

    /// Whether such a call begins at this position; `nil` if more input is needed.
    static func begins(_ text: [UInt8], at place: Int, _ tools: [FunctionTool], _ isWhole: Bool) -> Bool? {
        let word = text[(place + 1)...].prefix(maxBytes).prefix(while: isOfName)
        let name = String(decoding: word, as: UTF8.self)
        guard word.endIndex < text.count else {
            let all = tools.map(\.name) + wrappers + firstNames + ["functions."]
            let mayBe = all.contains { $0.hasPrefix(name) || name.hasPrefix("functions.") }
            return isWhole || word.count >= maxBytes || !mayBe ? false : nil
        }
        guard text[word.endIndex] == 0x3E else { return false }
        if tool(name, tools) != nil { return true }
        let isNamed = firstNames.contains(name)
        guard isNamed || wrappers.contains(name) else { return false }
        // A generic wrapper must contain the name of a tool.
        let next = text[(word.endIndex + 1)...].prefix(maxBytes).firstIndex { $0 > 0x20 }
        guard let next else { return isWhole || text.count - word.endIndex > maxBytes ? false : nil }
        if text[next] != 0x3C {
            let content = text[next...].prefix(maxBytes).prefix { $0 != 0x3C && $0 > 0x20 }
            guard content.endIndex < text.count || isWhole else { return content.count >= maxBytes ? false : nil }
            return isNamed && tool(String(decoding: content, as: UTF8.self), tools) != nil
        }
        let inner = text[(next + 1)...].prefix(maxBytes).prefix(while: isOfName)
        guard inner.endIndex < text.count || isWhole else { return inner.count >= maxBytes ? false : nil }
        let child = String(decoding: inner, as: UTF8.self)
        return names.contains(child) || child == "server_name"
    }

    /// Parses the call that begins at this position.
    static func read(_ text: [UInt8], at place: Int, _ tools: [FunctionTool]) -> (call: ChatToolCall, end: Int)? {
        guard let (name, start) = tag(text, at: place) else { return nil }
        let close = Array("</\(name)>".utf8)
        var at = start
        for _ in 0..<maxEnds {
            guard let found = first(close, in: text, from: at) else { return nil }
            at = found + close.count
            let content = Array(text[start..<found])
            if let call = call(name, content, tools) { return (call, at) }
            if firstNames.contains(name), let tool = tool(trimmed(content), tools) {
                let next = text[at...].firstIndex { $0 > 0x20 } ?? text.count
                guard let (key, begin) = tag(text, at: next), arguments.contains(key),
                    let end = first(Array("</\(key)>".utf8), in: text, from: begin),
                    let call = call(tool, Array(text[begin..<end]), tools)
                else { return nil }
                return (call, end + key.utf8.count + 3)
            }
        }
        return nil
    }

    /// Whether an element that cannot be parsed is clearly meant as a call.
    static func isClear(_ text: [UInt8], at place: Int, _ tools: [FunctionTool]) -> Bool {
        guard let (name, start) = tag(text, at: place) else { return false }
        if first(Array("</\(name)>".utf8), in: text, from: start) != nil { return true }
        guard let next = text[start...].firstIndex(where: { $0 > 0x20 }), let child = tag(text, at: next) else {
            return false
        }
        return CallJSON.takes(child.name, name, tools)
    }

    // MARK: - Parts

    private static func isOfName(_ byte: UInt8) -> Bool {
        byte == 0x5F || byte == 0x2D || byte == 0x2E || 0x30...0x39 ~= byte || 0x41...0x5A ~= byte
            || 0x61...0x7A ~= byte
    }

    /// Returns the tool with exactly this name.
    private static func tool(_ name: String, _ tools: [FunctionTool]) -> String? {
        let name = name.hasPrefix("functions.") ? String(name.dropFirst(10)) : name
        return tools.contains { $0.name == name } ? name : nil
    }

    private static func tag(_ text: [UInt8], at place: Int) -> (name: String, end: Int)? {
        guard place < text.count, text[place] == 0x3C else { return nil }
        let word = text[(place + 1)...].prefix(maxBytes).prefix(while: isOfName)
        guard !word.isEmpty, word.endIndex < text.count, text[word.endIndex] == 0x3E else { return nil }
        return (String(decoding: word, as: UTF8.self), word.endIndex + 1)
    }

    private static func first(_ word: [UInt8], in text: [UInt8], from start: Int) -> Int? {
        var at = start
        while at < text.count, let found = text[at...].firstIndex(of: word[0]) {
            if text[found...].starts(with: word) { return found }
            at = found + 1
        }
        return nil
    }

    private static func trimmed(_ text: [UInt8]) -> String {
        String(decoding: text.drop { $0 <= 0x20 }.reversed().drop { $0 <= 0x20 }.reversed(), as: UTF8.self)
    }

    /// Splits a text into its child elements; `nil` if it contains anything else.
    private static func children(_ text: [UInt8]) -> [(key: String, text: String)]? {
        var found: [(key: String, text: String)] = []
        var at = text.firstIndex { $0 > 0x20 } ?? text.count
        while at < text.count {
            guard let (key, start) = tag(text, at: at) else { return nil }
            let close = Array("</\(key)>".utf8)
            var search = start
            var end: Int?
            // The end tag may also occur within the text: it counts only if another element or the end follows.
            while end == nil, let place = first(close, in: text, from: search) {
                search = place + close.count
                at = text[search...].firstIndex { $0 > 0x20 } ?? text.count
                if at == text.count || tag(text, at: at) != nil { end = place }
            }
            guard let end else { return nil }
            found.append((key, String(decoding: text[start..<end], as: UTF8.self)))
        }
        return found
    }

    private static func call(_ name: String, _ content: [UInt8], _ tools: [FunctionTool]) -> ChatToolCall? {
        if let tool = tool(name, tools) {
            guard let members = members(content, tool, tools), CallJSON.fits(members, tool, tools) else { return nil }
            return CallJSON.call(tool, members, tools)
        }
        guard wrappers.contains(name), let children = children(content),
            let named = children.first(where: { names.contains($0.key) }),
            let tool = tool(trimmed(Array(named.text.utf8)), tools)
        else { return nil }
        let given = children.first { arguments.contains($0.key) }?.text ?? ""
        return call(tool, Array(given.utf8), tools)
    }

    private static func members(_ content: [UInt8], _ tool: String, _ tools: [FunctionTool]) -> JSONObject? {
        if content.first(where: { $0 > 0x20 }) == 0x7B {
            return (try? JSON.parseModelText(Array(trimmed(content).utf8)))?.objectValue
        }
        guard let children = children(content) else { return nil }
        var members = JSONObject()
        for child in children {
            guard members[child.key] == nil, CallJSON.takes(child.key, tool, tools) else { return nil }
            members[child.key] = CallJSON.value(child.text, of: child.key, tool, tools, isText: nil)
        }
        return members
    }
}
