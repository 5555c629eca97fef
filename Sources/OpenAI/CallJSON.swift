import JSON

/// Tool calls in JSON that a model wrote, in whichever shape.
enum CallJSON {
    private static let names = ["name", "function", "tool", "tool_name", "function_name", "action", "recipient_name"]
    private static let arguments = ["arguments", "parameters", "args", "input", "tool_input", "action_input"]
    /// What a call stands in.
    private static let wrappers = ["function", "function_call", "functionCall", "tool_call", "tool_use"]
    /// What stands in a call besides.
    private static let others: Set<String> = [
        "type", "id", "index", "tool_call_id", "call_id", "tool_calls", "thought", "thoughts", "reasoning",
    ]
    private static let lists = ["tool_calls", "tool_uses", "calls"]

    /// The calls that a value says.
    ///
    /// - Parameter isPlain: whether nothing but the value says that it is a call: it must fit the tool in all then, since
    ///   it may as well be what a person asked for.
    /// - Returns: `nil` where any of it calls no tool that there is or says no arguments.
    static func calls(of value: JSON, _ tools: [FunctionTool], isPlain: Bool) -> [ToolCall]? {
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
        // What a tool is described by is no call of it.
        if object["description"] != nil { return nil }
        if isPlain, object.contains(where: { !(names + arguments).contains($0.key) && !others.contains($0.key) }) {
            return nil
        }
        guard let given = arguments.lazy.compactMap({ value[$0] }).first else {
            // The arguments beside the name.
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

    /// A call of the tool that a name means; `nil` where there is no such tool, or what is said is the tool's own schema.
    static func call(_ name: String, _ arguments: JSONObject, _ tools: [FunctionTool]) -> ToolCall? {
        let known = tools.map(\.name)
        let meant = ToolName.meant(by: name, among: known)
        guard let tool = tools.first(where: { $0.name == meant }) else { return nil }
        let isSchema = arguments["type"] == "object" && arguments["properties"]?.objectValue != nil
        guard !isSchema || tool.parameters["properties"]?["properties"] != nil else { return nil }
        return ToolCall(id: "", name: meant, arguments: JSON.object(arguments).text)
    }

    /// Whether a tool takes these arguments, and none that it demands is missing.
    static func fits(_ arguments: JSONObject, _ name: String, _ tools: [FunctionTool]) -> Bool {
        guard let schema = tools.first(where: { $0.name == name })?.parameters else { return false }
        let properties = schema["properties"]?.objectValue ?? JSONObject()
        let isOpen = schema["additionalProperties"]?.objectValue != nil || schema["additionalProperties"] == true
        let required = schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? []
        return (isOpen || arguments.allSatisfy { properties[$0.key] != nil })
            && required.allSatisfy { arguments[$0] != nil }
    }

    /// Whether a tool has an argument of this name.
    static func takes(_ key: String?, _ name: String, _ tools: [FunctionTool]) -> Bool {
        let meant = ToolName.meant(by: name, among: tools.map(\.name))
        return key.map { tools.first { $0.name == meant }?.parameters["properties"]?[$0] != nil } ?? false
    }

    /// What stands as text where an argument is: a text where the tool takes one there, else what it says as JSON.
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

    /// The value that begins at a place and lacks brackets at its end, where a mark shows that it is whole.
    static func closed(_ text: [UInt8], from start: Int) -> (value: JSON, end: Int)? {
        var open: [UInt8] = []
        var scanner = JSONScanner()
        var place = start
        while place < text.count {
            let byte = text[place]
            switch scanner.advance(over: byte) {
            case .open where open.count < JSON.maximumDepth: open.append(byte + 2)
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
