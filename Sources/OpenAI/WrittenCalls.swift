import JSON

/// Tool calls that stand in the text of an answer, where the model's server does not know the model's way to call: as
/// JSON or as elements, with and without marks around them.
enum WrittenCalls {
    private static let wrappers = [
        ("<tool_call>", "</tool_call>"), ("<function_call>", "</function_call>"), ("<tool_calls>", "</tool_calls>"),
        ("<function_calls>", "</function_calls>"), ("<minimax:tool_call>", "</minimax:tool_call>"),
        ("<|tool_call|>", "<|/tool_call|>"), ("<|python_tag|>", "<|eom_id|>"), ("<tools>", "</tools>"),
        ("[tool_calls]", "[/tool_calls]"), ("[tool_call]", "[/tool_call]"),
    ]
    private static let elements = [
        (begin: "<function=", name: ">", end: "</function>", key: "<parameter=", keyEnd: ">"),
        (begin: "<invoke name=\"", name: "\">", end: "</invoke>", key: "<parameter name=\"", keyEnd: "\">"),
    ]
    private static let objects = ["name", "function", "tool", "tool_name", "tool_calls", "type\":\"function"]
        .flatMap { ["{\"\($0)\"", "[{\"\($0)\""] }
    private static let fenced = ["```json", "```", "```tool_call"].flatMap { fence in objects.map { fence + $0 } }
    private static let plain = wrappers.map(\.0) + ["<function=", "<invokename=\""] + objects

    /// What calls begin with, in lower case and without white space.
    ///
    /// - Parameter atBeginning: whether it is the beginning of the answer, where they may stand as code as well.
    static func marks(atBeginning: Bool) -> [String] { atBeginning ? plain + fenced : plain }

    /// Reads the calls of a text.
    ///
    /// - Returns: the calls, which have no ids, and the text around them; `nil` where any of it calls no tool that there
    ///   is or says no arguments.
    static func read(_ text: String, _ tools: [FunctionTool]) -> (calls: [ToolCall], text: String)? {
        var calls: [ToolCall] = []
        var others: [Substring] = []
        var rest = text[...]
        while let (wrapper, range) = firstWrapper(in: rest) {
            others.append(rest[..<range.lowerBound])
            let body = rest[range.upperBound...]
            // Not every model ends what it began.
            let end = body.firstRange(ofEitherCase: wrapper.1)
            let next = firstWrapper(in: body)?.1.lowerBound ?? body.endIndex
            let stop = min(end?.lowerBound ?? next, next)
            guard let found = self.calls(in: String(body[..<stop]), tools) else { return nil }
            calls += found
            rest = stop == end?.lowerBound ? body[(end?.upperBound ?? stop)...] : body[stop...]
        }
        if calls.isEmpty {
            guard let found = self.calls(in: String(rest), tools) else { return nil }
            return (found, "")
        }
        others.append(rest)
        let around = others.joined().trimmed
        // What a server leaves of the end of a mark.
        return (calls, wrappers.contains { $0.1 == around.lowercased() } ? "" : around)
    }

    private static func firstWrapper(in text: Substring) -> ((String, String), Range<String.Index>)? {
        wrappers.compactMap { wrapper in text.firstRange(ofEitherCase: wrapper.0).map { (wrapper, $0) } }
            .min { $0.1.lowerBound < $1.1.lowerBound }
    }

    /// The calls of a text that is nothing else.
    private static func calls(in text: String, _ tools: [FunctionTool]) -> [ToolCall]? {
        var body = text.trimmed
        if body.hasPrefix("```") {
            guard let start = body.firstIndex(where: { $0 == "{" || $0 == "[" }), body.hasSuffix("```") else {
                return nil
            }
            body = String(body[start...].dropLast(3)).trimmed
        }
        for element in elements where body.contains(element.begin) { return calls(in: body, element, tools) }
        if let value = try? JSON.parseModelText(Array(body.utf8)) { return calls(of: value, tools) }
        // Several objects, one a line.
        let lines = body.split(whereSeparator: \.isNewline).map { String($0).trimmed }.filter { !$0.isEmpty }
        if lines.count > 1, lines.allSatisfy({ $0.hasPrefix("{") }) {
            let found = lines.map { line in
                (try? JSON.parseModelText(Array(line.utf8))).flatMap { calls(of: $0, tools) }
            }
            return found.contains { $0 == nil } ? nil : found.flatMap { $0 ?? [] }
        }
        return namedCall(in: body, tools)
    }

    // MARK: - As JSON

    private static func calls(of value: JSON, _ tools: [FunctionTool]) -> [ToolCall]? {
        if let elements = value.arrayValue ?? value["tool_calls"]?.arrayValue {
            let found = elements.map { calls(of: $0, tools) }
            return elements.isEmpty || found.contains { $0 == nil } ? nil : found.flatMap { $0 ?? [] }
        }
        if let function = value["function"], function.objectValue != nil { return calls(of: function, tools) }
        let names = ["name", "function", "tool", "tool_name"]
        guard let name = names.lazy.compactMap({ value[$0]?.stringValue }).first else { return nil }
        let keys = ["arguments", "parameters", "args", "input", "tool_input"]
        let arguments = keys.lazy.compactMap { value[$0] }.first
        switch arguments {
        case .object(let object)?: return call(name, object, tools).map { [$0] }
        case .string(let text)?:
            return (try? JSON.parseModelText(Array(text.utf8)))?.objectValue.flatMap { call(name, $0, tools) }.map {
                [$0]
            }
        default: return nil
        }
    }

    private static func call(_ name: String, _ arguments: JSONObject, _ tools: [FunctionTool]) -> ToolCall? {
        let known = tools.map(\.name)
        let meant = ToolName.meant(by: name, among: known)
        guard known.contains(meant) else { return nil }
        return ToolCall(id: "", name: meant, arguments: JSON.object(arguments).text)
    }

    // MARK: - As elements

    private static func calls(
        in text: String, _ element: (begin: String, name: String, end: String, key: String, keyEnd: String),
        _ tools: [FunctionTool]
    ) -> [ToolCall]? {
        var calls: [ToolCall] = []
        for part in text.components(between: element.begin) {
            guard let nameEnd = part.firstRange(of: element.name) else { return nil }
            let name = String(part[..<nameEnd.lowerBound]).trimmed
            let body = part[nameEnd.upperBound...]
            let inner = body[..<(body.firstRange(of: element.end)?.lowerBound ?? body.endIndex)]
            var arguments = JSONObject()
            let parameters = inner.components(between: element.key)
            if parameters.isEmpty, !inner.allSatisfy(\.isWhitespace) {
                // The arguments as JSON, as some models write them here too.
                guard let object = (try? JSON.parseModelText(Array(inner.utf8)))?.objectValue else { return nil }
                arguments = object
            }
            for parameter in parameters {
                guard let keyEnd = parameter.firstRange(of: element.keyEnd) else { return nil }
                let content = parameter[keyEnd.upperBound...]
                let end = content.firstRange(of: "</parameter>")?.lowerBound ?? content.endIndex
                let key = String(parameter[..<keyEnd.lowerBound]).trimmed
                arguments[key] = value(String(content[..<end]), of: key, name, tools)
            }
            guard let call = call(name, arguments, tools) else { return nil }
            calls.append(call)
        }
        return calls.isEmpty ? nil : calls
    }

    /// `name` and then its arguments, as JSON or as elements of keys and values.
    private static func namedCall(in text: String, _ tools: [FunctionTool]) -> [ToolCall]? {
        let end = text.firstIndex { $0.isWhitespace || "[{<".contains($0) } ?? text.endIndex
        let name = String(text[..<end])
        var rest = String(text[end...]).trimmed
        for mark in ["[ARGS]", "[args]"] where rest.hasPrefix(mark) { rest = String(rest.dropFirst(mark.count)) }
        if let arguments = (try? JSON.parseModelText(Array(rest.utf8)))?.objectValue {
            return call(name, arguments, tools).map { [$0] }
        }
        guard rest.contains("<arg_key>") else { return nil }
        var arguments = JSONObject()
        for pair in rest.components(between: "<arg_key>") {
            guard let keyEnd = pair.firstRange(of: "</arg_key>"), let begin = pair.firstRange(of: "<arg_value>"),
                keyEnd.upperBound <= begin.lowerBound
            else { return nil }
            let content = pair[begin.upperBound...]
            let key = String(pair[..<keyEnd.lowerBound]).trimmed
            let end = content.firstRange(of: "</arg_value>")?.lowerBound ?? content.endIndex
            arguments[key] = value(String(content[..<end]), of: key, name, tools)
        }
        return call(name, arguments, tools).map { [$0] }
    }

    /// What stands in an element: a text where the tool takes one there, else what it says as JSON.
    private static func value(_ text: String, of key: String, _ name: String, _ tools: [FunctionTool]) -> JSON {
        let meant = ToolName.meant(by: name, among: tools.map(\.name))
        let type = tools.first { $0.name == meant }?.parameters["properties"]?[key]?["type"]?.stringValue
        var text = text[...]
        if text.first?.isNewline == true { text.removeFirst() }
        if text.last?.isNewline == true { text.removeLast() }
        guard type != nil, type != "string" else { return .string(String(text)) }
        return (try? JSON.parse(String(text).trimmed, .lenient)) ?? .string(String(text))
    }
}

extension StringProtocol {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text)
    }

    /// What follows each `mark`, up to the next.
    fileprivate func components(between mark: String) -> [Substring] {
        var parts: [Substring] = []
        var rest = Substring(self)
        while let found = rest.firstRange(of: mark) {
            rest = rest[found.upperBound...]
            parts.append(rest[..<(rest.firstRange(of: mark)?.lowerBound ?? rest.endIndex)])
        }
        return parts
    }

    /// Marks are ASCII, so that letters of either case take the same place.
    fileprivate func firstRange(ofEitherCase mark: String) -> Range<Index>? {
        [mark, mark.uppercased()].compactMap { firstRange(of: $0) }.min { $0.lowerBound < $1.lowerBound }
    }
}
