import JSON
import OpenAI

/// Recognizes the error messages of endpoints about unsupported roles, ids, streaming, tools and parameters.
extension UpstreamError {
    // MARK: - Roles

    private static let denials = [
        "not support", "n't support", "unsupported", "not allowed", "not enabled", "not permitted", "not accept",
        "not one of", "not a valid", "not valid", "unknown", "invalid role", "invalid message role", "invalid value",
        "unrecognized", "unexpected role", "no system", "must not",
    ]

    /// Whether the error says that a role isn't allowed.
    func denies(_ role: String) -> Bool {
        let ways = [
            "role '\(role)'", "role \"\(role)\"", "role `\(role)`", "role: \(role)", "role \(role)", "role=\(role)",
            "\(role) role", "'\(role)' role", "\"\(role)\" role", "`\(role)` role", "'\(role)' is not",
            "\"\(role)\" is not", "`\(role)` is not", "variant `\(role)`", "support '\(role)'", "support \"\(role)\"",
            "support `\(role)`", "got '\(role)'", "got \"\(role)\"", "got `\(role)`", "got \(role)",
            "roles: \(role)", "role of \(role)", "value: '\(role)'", "value '\(role)'",
        ]
        return mentions(ways) && mentions(Self.denials) && !mentions(["alternate"])
    }

    /// Whether the error lists the allowed roles, and this one isn't among them.
    private func lists(without role: String) -> Bool {
        mentions(["role"]) && mentions(["should be", "must be", "one of", "expected", "only", "supported"])
            && mentions(["user"]) && mentions(["assistant"]) && !mentions([role]) && !isOfOrder
            && !mentions(["alternate", "start with"])
    }

    var isOfSystem: Bool {
        denies("system") || denies("developer") || lists(without: "system")
            || mentions([
                "system message", "system prompt", "system instruction", "developer instruction", "developer message",
            ])
                && mentions([
                    "not support", "n't support", "unsupported", "not allowed", "not enabled", "no system",
                    "not permitted",
                ])
    }

    /// Whether tool messages are unsupported.
    var isOfToolRole: Bool { denies("tool") || lists(without: "tool") }

    // MARK: - Ids

    private var isAboutIDs: Bool {
        mentions([
            "tool call id", "tool_call_id", "tool_calls[", "call id", "call_id", "tool_use.id", "tool_use_id",
            "tooluseid", "tool use id", "].id'", "expected an id",
        ])
    }

    var isOfIDs: Bool {
        isAboutIDs
            && mentions([
                "length of 9", "length 9", "must be a-z", "too long", "maximum length", "above_max_length", "pattern",
                "length less than", "at most", "no more than", "regular expression", "alphanumeric", "characters",
            ])
    }

    /// The required prefix of ids; `nil` if the error doesn't mention one.
    var prefixOfIDs: String? {
        guard isAboutIDs, let text = error?.message.lowercased() else { return nil }
        for word in ["begins with ", "begin with ", "starts with ", "start with ", "prefix "] {
            guard let range = text.firstRange(of: word) else { continue }
            let rest = text[range.upperBound...].drop { "'\"`".contains($0) }
            let prefix = rest.prefix { $0.isASCII && $0.isLetter }
            if 1...8 ~= prefix.count { return String(prefix) }
        }
        return nil
    }

    // MARK: - Streams

    /// Whether streaming is unsupported.
    var isOfStream: Bool {
        guard [400, 404, 405, 422, 500, 501].contains(status), !isOfStreamOptions else { return false }
        if error?.param == "stream" { return true }
        return mentions([
            "streaming is not", "streaming not", "streaming isn't", "streaming mode is not", "streaming mode not",
            "streaming responses are not", "stream is not", "stream mode is not", "stream=true is not",
            "stream: true is not", "to stream this model", "support stream", "stream must be false",
            "streaming must be", "streaming with tool", "stream with tool", "'stream' does not", "'stream' is not",
            "`stream` is not", "\"stream\" is not", "streaming is unsupported", "disable streaming", "non-streaming",
        ])
    }

    // MARK: - Tools

    /// Whether the model or its server doesn't support tools at all.
    var isOfToolUse: Bool {
        if mentions(["enable-auto-tool-choice", "tools param requires", "requires --jinja"]) { return true }
        guard !mentions(["role", "parallel", "multiple", "single tool", "schema", "tool_choice"]) else { return false }
        return mentions([
            "support tool", "support function call", "support functions", "support the tools", "support 'tools'",
            "support `tools`", "support \"tools\"", "tools are not supported", "tools is not supported",
            "tools not supported", "tool calling is not", "tool calling not", "tool calls are not", "tool use is not",
            "tool usage is not", "tool use not", "function calling is not", "function calling not",
            "functions are not supported", "'tools' is not supported", "`tools` is not supported",
            "`tool calling` is not", "not available with tools", "tools are not enabled", "tools are not available",
            "tools are unsupported", "tool use is unsupported", "property 'tools' is unsupported",
            "unrecognized request argument supplied: tools", "unsupported parameter: 'tools'",
            "unknown parameter: 'tools'", "unknown field: tools", "unknown field `tools`",
        ])
    }

    /// Returns the maximum number of tools, if there are too many.
    ///
    /// - Parameter count: the number of tools in the request. If the error doesn't state a maximum, half of this number
    ///   is tried.
    func maxTools(of count: Int) -> Int? {
        guard count > 1, let text = error?.message.lowercased(),
            mentions(["tools", "functions", "function_declarations"]),
            mentions([
                "too long", "too many", "at most", "exceed", "maximum", "max ", "max:", "up to", "no more than",
                "limit", "fewer", "less than",
            ])
        else { return nil }
        // Not an error about the length of a tool's name or description, or of the conversation.
        let others = [
            " char", "description", ".name", "token", "byte", "depth", "nest", "propert", "enum", "length of",
        ]
        let isOfNumber = mentions(["too many tools", "too many functions", "number of tools", "number of functions"])
        let isOther = others.contains { text.contains($0) } && !isOfNumber
        guard !isOther, !Self.namesMember(of: ["tools", "functions"], in: text) else { return nil }
        let numbers = text.split { !($0.isASCII && $0.isNumber) }.compactMap { Int($0) }
        if let most = numbers.filter({ 1..<count ~= $0 }).max() { return most }
        return isOfNumber || text.contains("array too long") ? max(1, count / 2) : nil
    }

    /// Whether a text names an element or a member of one of these: `tools[0]`, `tools.0`.
    private static func namesMember(of names: [String], in text: String) -> Bool {
        names.contains { name in
            text.ranges(of: name).contains { range in
                let rest = text[range.upperBound...]
                guard rest.first == "." else { return rest.first == "[" }
                return rest.dropFirst().first.map { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "[" } ?? false
            }
        }
    }

    // MARK: - Parameters

    /// Returns the request parameter that was rejected.
    func refusedParameter(of names: [String]) -> String? {
        guard
            mentions([
                "not support", "n't support", "unsupported", "unrecognized", "unknown", "not permitted", "not allowed",
                "not a valid", "unexpected", "only the default", "extra inputs", "extra_forbidden",
                "additional propert",
                "cannot both", "deprecated", "is not enabled", "cannot find field", "not accept",
            ])
        else { return nil }
        if let param = error?.param, let name = names.first(where: { param == $0 || param.hasPrefix("\($0).") }) {
            return name
        }
        guard let text = error?.message else { return nil }
        return names.last { name in
            [
                "'\(name)'", "\"\(name)\"", "`\(name)`", ": \(name)", "parameter \(name)", "field \(name)",
                "argument \(name)",
            ]
            .contains { way in
                text.ranges(of: way).contains { range in
                    text[range.upperBound...].first.map { !($0.isLetter || $0.isNumber || $0 == "_") } ?? true
                }
            }
        }
    }
}
