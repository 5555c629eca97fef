import JSON

/// Parses tool calls that a model wrote as JSON, in any of the common shapes.
enum CallJSON {
    private static let names = ["name", "function", "tool", "tool_name", "function_name", "action", "recipient_name"]
    private static let arguments = ["arguments", "parameters", "args", "input", "tool_input", "action_input"]
    /// Members that wrap a call.
    private static let wrappers = ["function", "function_call", "functionCall", "tool_call", "tool_use"]
    /// Additional members that a call may have.
    private static let others: Set<String> = [
        "type", "id", "index", "tool_call_id", "call_id", "tool_calls", "thought", "thoughts", "reasoning",
    ]
    private static let lists = ["tool_calls", "tool_uses", "calls"]

    /// Returns the calls that a value represents.
    ///
    /// - Parameter isPlain: whether only the value itself indicates a call. It must then match the tool's parameters
    ///   exactly, because it may just as well be the JSON that the user asked for.
    /// - Returns: `nil` if any element names an unknown tool or has no arguments.
    static func calls(of value: JSON, _ tools: [FunctionTool], isPlain: Bool) -> [ChatToolCall]? {
        if let elements = value.arrayValue ?? lists.lazy.compactMap({ value[$0]?.arrayValue }).first {
            let found = elements.map { calls(of: $0, tools, isPlain: isPlain) }
            return elements.isEmpty || found.contains { $0 == nil } ? nil : found.flatMap { $0 ?? [] }
        }
        guard let object = value.objectValue else { return nil }
        for wrapper in wrappers {
            guard let call = value[wrapper], call.objectValue != nil else { continue }
            return calls(of: call, tools, isPlain: isPlain)
        }
        guard let name = names.lazy.compactMap({ value[$0]?.stringValue }).first else {
            // `{"run": {…}}`
            guard object.count == 1, let only = object.first(where: { _ in true }),
                let inner = only.value.objectValue, let call = call(only.key, inner, tools)
            else { return nil }
            guard !isPlain || only.key == call.name && !inner.isEmpty && fits(inner, call.name, tools) else {
                return nil
            }
            return [call]
        }
        // An object with a description is the definition of a tool, not a call.
        if object["description"] != nil { return nil }
        if isPlain, object.contains(where: { !(names + arguments).contains($0.key) && !others.contains($0.key) }) {
            return nil
        }
        guard let given = arguments.lazy.compactMap({ value[$0] }).first else {
            // Arguments as siblings of the name.
            let rest = object.filter { !names.contains($0.key) && !others.contains($0.key) }
            var members = JSONObject()
            for member in rest { members[member.key] = member.value }
            guard !isPlain, !members.isEmpty, let call = call(name, members, tools), fits(members, call.name, tools)
            else { return nil }
            return [call]
        }
        let text = given.stringValue
        guard
            let members = given.objectValue ?? text.flatMap({ try? JSON.parseModelText(Array($0.utf8)) })?.objectValue,
            let call = call(name, members, tools)
        else { return nil }
        return isPlain && !fits(members, call.name, tools) ? nil : [call]
    }

    /// Creates a call of the tool that a name refers to; `nil` if there is no such tool, or if the arguments are the
    /// tool's own schema.
    static func call(_ name: String, _ arguments: JSONObject, _ tools: [FunctionTool]) -> ChatToolCall? {
        let known = tools.map(\.name)
        let meant = ToolName.meant(by: name, among: known)
        guard let tool = tools.first(where: { $0.name == meant }) else { return nil }
        let isSchema = arguments["type"] == "object" && arguments["properties"]?.objectValue != nil
        guard !isSchema || tool.parameters["properties"]?["properties"] != nil else { return nil }
        return ChatToolCall(id: "", name: meant, arguments: JSON.object(arguments).text)
    }

    /// Whether a tool accepts these arguments and none of its required ones is missing.
    static func fits(_ arguments: JSONObject, _ name: String, _ tools: [FunctionTool]) -> Bool {
        guard let schema = tools.first(where: { $0.name == name })?.parameters else { return false }
        let properties = schema["properties"]?.objectValue ?? JSONObject()
        let isOpen = schema["additionalProperties"]?.objectValue != nil || schema["additionalProperties"] == true
        let required = schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? []
        return (isOpen || arguments.allSatisfy { properties[$0.key] != nil })
            && required.allSatisfy { arguments[$0] != nil }
    }

    /// Whether a tool has an argument with this name.
    static func takes(_ key: String?, _ name: String, _ tools: [FunctionTool]) -> Bool {
        let meant = ToolName.meant(by: name, among: tools.map(\.name))
        return key.map { tools.first { $0.name == meant }?.parameters["properties"]?[$0] != nil } ?? false
    }

    /// Converts an argument given as text: a string if the tool expects one, otherwise parsed as JSON.
    static func value(_ text: String, of key: String, _ name: String, _ tools: [FunctionTool], isText: Bool?) -> JSON {
        let meant = ToolName.meant(by: name, among: tools.map(\.name))
        let schema = tools.first { $0.name == meant }?.parameters["properties"]?[key]
        var text = text[...]
        if text.first?.isNewline == true { text.removeFirst() }
        if text.last?.isNewline == true { text.removeLast() }
        let isString = isText ?? (schema?["type"]?.stringValue ?? "string" == "string")
        if isString { return .string(String(text)) }
        let trimmed = text.trimmingPrefix(while: \.isWhitespace)
        return (try? JSON.parse(String(trimmed), .lenient)) ?? LooseValue.word(trimmed) ?? .string(String(text))
    }

    /// Parses a value that lacks its closing brackets, if an end mark shows that it is complete.
    static func closed(_ text: [UInt8], from start: Int) -> (value: JSON, end: Int)? {
        var open: [UInt8] = []
        var scanner = JSONScanner()
        var place = start
        while place < text.count {
            let byte = text[place]
            switch scanner.advance(over: byte) {
            case .open where open.count < JSON.maxDepth: open.append(byte + 2)
            case .close:
                guard open.popLast() == byte else { return nil }
            case .other where byte == UInt8(ascii: "<"):
                guard case .mark(let mark) = Mark.read(text, at: place, isWhole: true) else { break }
                guard mark.isEnd, [.calls, .element].contains(mark.kind) else { return nil }
                let value = try? JSON.parseModelText(text[start..<place] + open.reversed())
                return value.map { ($0, place) }
            default: break
            }
            place += 1
        }
        return nil
    }
}
