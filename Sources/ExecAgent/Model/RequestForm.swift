import JSON
import OpenAI

/// A request in the form that an endpoint accepts: it satisfies what all endpoints require, and the rules learned for
/// this one.
struct RequestForm {
    let body: JSON
    /// The names of the tools in the request.
    let toolNames: [String]
    let hasPictures: Bool
    /// Whether a user message directly follows a tool message.
    let hasUserAfterTool: Bool
    /// Whether there is a system message.
    let hasSystem: Bool
    /// Parameters that the request could do without.
    let optionalParameters: [String]
    /// Whether there is a tool result.
    let hasToolResults: Bool
    /// Whether a message contains several calls.
    let hasSeveralCalls: Bool
    /// Whether a message names its participant.
    let hasNames: Bool
    /// Whether a message with calls has an empty text.
    let hasEmptyText: Bool
    /// Whether reasoning of earlier runs was left out.
    let hasOldReasoning: Bool
    /// Members of messages and calls that only some servers know.
    let extraMembers: Set<String>

    /// Prefixes of the members that contain a model's reasoning.
    private static let reasoningPrefixes = ["reasoning", "thinking", "content"]
    /// Maximum length of a tool's description for endpoints with a limit, in characters.
    private static let maxDescriptionLength = 1000
    /// Parameters that cannot be dropped without changing the requested answer or removing its limit.
    private static let neededParameters: Set<String> = ["response_format", "max_tokens", "max_completion_tokens"]
    /// Stands for an assistant message that says nothing and calls nothing.
    private static let noAnswer = "(no answer)"
    private static let bridge = "I go on with what the tools returned."

    /// - Parameter hidesPictures: whether to omit this request's pictures because they were rejected, though the model
    ///   accepts others.
    init(_ request: ChatRequest, _ rules: EndpointRules, hidesPictures: Bool) {
        var request = request
        request.tools = request.tools.filter { rules.schemas[$0.name] != .leftOut }.map { tool in
            let isPlain = rules.areSchemasPlain || rules.schemas[tool.name] == .plain
            let schema = isPlain ? ToolSchema.plain(tool.parameters) : ToolSchema.acceptable(tool.parameters)
            let description = isPlain ? String(tool.description.prefix(Self.maxDescriptionLength)) : tool.description
            return FunctionTool(name: tool.name, description: description, parameters: schema)
        }
        if let most = rules.maxTools { request.tools = Array(request.tools.prefix(most)) }
        for name in rules.refusedParameters { request.parameters[name] = nil }
        var messages = Self.withOwnThoughts(request.messages, rules)
        hasOldReasoning = messages != request.messages.map { Self.withRawText($0) }
        if rules.sendsToolsAsText {
            messages = messages.describing(request.tools)
            request.tools = []
        }
        if rules.hasSingleCalls { messages = messages.withSingleCalls }
        if rules.sendsCallsAsText || rules.sendsToolsAsText { messages = messages.withCallsAsText }
        messages = messages.map { Self.message($0, rules) }
        if rules.namesResults { messages = Self.withNamedResults(messages) }
        request.messages = Self.inOrder(
            messages, rules, hidesPictures: hidesPictures || !rules.acceptsPictures)
        if rules.renamesTokenLimit, let limit = request.parameters["max_tokens"] {
            request.parameters["max_tokens"] = nil
            request.parameters["max_completion_tokens"] = limit
        }
        toolNames = request.tools.map(\.name)
        hasPictures = request.messages.contains(where: \.hasPictures)
        hasUserAfterTool = zip(request.messages, request.messages.dropFirst()).contains {
            $0.role == .tool && $1.role == .user
        }
        hasSystem = request.messages.contains { $0.role == .system }
        optionalParameters = request.parameters.keys.filter { !Self.neededParameters.contains($0) }
        hasToolResults = request.messages.contains { $0.role == .tool }
        hasSeveralCalls = request.messages.contains { $0.toolCalls.count > 1 }
        hasNames = request.messages.contains { $0.role != .tool && $0.name != nil }
        hasEmptyText = request.messages.contains { !$0.toolCalls.isEmpty && $0.text.isEmpty }
        extraMembers = Set(
            request.messages.flatMap { $0.extra.keys + $0.toolCalls.flatMap(\.extra.keys) })
        body = Self.body(of: request, rules)
    }

    private static func body(of request: ChatRequest, _ rules: EndpointRules) -> JSON {
        let body = request.streamingBody(includesUsage: rules.acceptsStreamOptions && rules.acceptsStream)
        guard var object = body.objectValue else { return body }
        if !rules.acceptsStream { object["stream"] = false }
        guard rules.leavesOutEmptyText else { return .object(object) }
        object["messages"] = .array(
            (object["messages"]?.arrayValue ?? []).map { message in
                guard message["content"] == "", message["tool_calls"] != nil, var object = message.objectValue else {
                    return message
                }
                object["content"] = nil
                return .object(object)
            })
        return .object(object)
    }

    // MARK: - Each message

    private static func message(_ message: ChatMessage, _ rules: EndpointRules) -> ChatMessage {
        var message = message
        // Among the messages, more servers know the older role.
        if message.role == .developer { message.role = .system }
        if message.role == .system, !rules.acceptsSystem { message.role = .user }
        for name in rules.refusedMembers { message.extra[name] = nil }
        if rules.leavesOutNames, message.role != .tool { message.name = nil }
        if rules.separatesTextAndCalls, message.role == .assistant {
            if !message.toolCalls.isEmpty {
                message.content = []
                message.extra["content"] = nil
            } else if message.text.isEmpty, message.extra["content"] == nil {
                message.content = [.text(noAnswer)]
            }
        }
        message.toolCalls = message.toolCalls.enumerated().map { call($1, isFirst: $0 == 0, rules) }
        if let id = message.toolCallID { message.toolCallID = Self.id(id, rules) }
        return message
    }

    private static func call(_ call: ChatToolCall, isFirst: Bool, _ rules: EndpointRules) -> ChatToolCall {
        var call = call
        call.name = ToolName.acceptable(call.name)
        call.arguments = ToolCalls.acceptable(call.arguments)
        call.id = id(call.id, rules)
        for name in rules.refusedMembers { call.extra[name] = nil }
        if rules.wantsSignatures, isFirst, call.extra["extra_content"] == nil {
            // The placeholder that the API's documentation prescribes for calls made by another model.
            call.extra["extra_content"] = ["google": ["thought_signature": "skip_thought_signature_validator"]]
        }
        return call
    }

    private static func withNamedResults(_ messages: [ChatMessage]) -> [ChatMessage] {
        var names: [String: String] = [:]
        return messages.map { message in
            for call in message.toolCalls { names[call.id] = call.name }
            guard message.role == .tool, message.name?.isEmpty != false else { return message }
            var message = message
            message.name = message.toolCallID.flatMap { names[$0] } ?? "tool"
            return message
        }
    }

    private static func id(_ id: String, _ rules: EndpointRules) -> String {
        if let prefix = rules.idPrefix { return id.hasPrefix(prefix) ? id : "\(prefix)_\(shortID(id))" }
        return rules.hasShortIDs ? shortID(id) : id
    }

    /// Nine letters and digits, derived deterministically from the id.
    private static func shortID(_ id: String) -> String {
        let bytes = Array(id.utf8)
        if bytes.count == 9, id.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) { return id }
        // FNV-1a: not cryptographic, it only has to make collisions unlikely.
        let hash = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        let digits = String(hash % 101_559_956_668_416, radix: 36)
        return String(repeating: "0", count: 9 - digits.count) + digits
    }

    // MARK: - Reasoning

    /// Reasoning is sent back with the calls that it led to, but not with an earlier run, which is already answered: it
    /// would cost tokens, and some servers reject it.
    private static func withOwnThoughts(_ messages: [ChatMessage], _ rules: EndpointRules) -> [ChatMessage] {
        guard !rules.wantsOldReasoning else { return messages.map { withRawText($0) } }
        let start =
            messages.indices.last { place in
                messages[place].role == .user && (place == 0 || messages[place - 1].role != .tool)
            } ?? 0
        return messages.enumerated().map { place, message in
            if place > start { return withRawText(message) }
            var message = message
            for key in message.extra.keys where reasoningPrefixes.contains(where: key.hasPrefix) {
                message.extra[key] = nil
            }
            return message
        }
    }

    private static func withRawText(_ message: ChatMessage) -> ChatMessage {
        guard let text = message.rawText else { return message }
        var message = message
        message.content = [.text(text)]
        return message
    }

    // MARK: - Message order

    private static func inOrder(
        _ messages: [ChatMessage], _ rules: EndpointRules, hidesPictures: Bool
    ) -> [ChatMessage] {
        var result: [ChatMessage] = []
        for message in messages {
            let message = hidesPictures ? message.withoutPictures : message
            if message.role == .user, let last = result.last, last.role == .tool {
                switch rules.order {
                case .free: break
                case .bridged: result.append(ChatMessage(role: .assistant, text: bridge))
                case .merged:
                    result[result.count - 1].content = [.text(last.text + "\n\n" + message.withoutPictures.text)]
                    continue
                }
            }
            if rules.mergesMessages, let last = result.last, last.role == message.role, message.role != .tool,
                last.toolCalls.isEmpty, message.toolCalls.isEmpty
            {
                result[result.count - 1].content += [.text("\n\n")] + message.content
                continue
            }
            result.append(message)
        }
        return result
    }
}

extension ChatMessage {
    fileprivate var hasPictures: Bool {
        content.contains { if case .imageURL = $0 { true } else { false } }
    }

    /// The message with its pictures replaced by text.
    var withoutPictures: ChatMessage {
        guard hasPictures else { return self }
        var message = self
        message.content = content.map { part in
            if case .imageURL = part { .text("[picture left out: the model's API does not accept it]") } else { part }
        }
        return message
    }
}
