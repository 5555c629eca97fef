import JSON

/// Parses a request's messages leniently: clients also send older forms of the API, and histories with gaps where they
/// truncated them.
///
/// Endpoints accept neither a call without its result nor a result without its call: a call whose result is missing
/// gets a placeholder result, and a result whose call is missing is ignored.
struct ChatHistory {
    /// Placeholder for a result that is missing from the history.
    static let missingResult = "[The result of this call is not in the conversation any more.]"
    /// Alternative names of roles.
    private static let roles: [String: ChatMessage.Role] = [
        "function": .tool, "human": .user, "ai": .assistant, "model": .assistant,
    ]

    private var messages: [ChatMessage] = []
    /// The calls of the last assistant message that have no result yet, in order.
    private var open: [ChatToolCall] = []
    private var calls = 0
    /// The maximum number of calls in a message. Each result is looked for among them.
    private static let maxCalls = 1024

    /// - Parameters:
    ///   - all: the messages.
    ///   - calls: calls before them that have no result yet.
    static func messages(_ all: [Field], answering calls: [ChatToolCall] = []) throws(FormatError) -> [ChatMessage] {
        var history = ChatHistory()
        history.open = calls
        for (place, message) in all.enumerated() { try history.read(message, isLast: place == all.count - 1) }
        history.closeCalls()
        return history.messages
    }

    private mutating func read(_ field: Field, isLast: Bool) throws(FormatError) {
        _ = try field.object()
        let role = try Self.role(field["role"])
        let found = try calls(of: field)
        if role != .assistant, !found.isEmpty {
            throw field["tool_calls"].failure("is allowed only in messages of the assistant")
        }
        let extra = role == .assistant ? ModelMembers.ofMessage(field.value) : JSONObject()
        var content = try ContentPart.parts(of: field["content"], isLast: isLast, skipsReasoning: role == .assistant)
        if role == .tool { return addResult(field, content ?? []) }
        closeCalls()
        if content == nil, role == .assistant, let refusal = try field["refusal"].optionalString() {
            content = [.text(refusal)]
        }
        let saysNothing = content?.allSatisfy { $0 == .text("") } ?? true
        if role == .assistant, saysNothing { content = [] }
        if role == .assistant, saysNothing, found.isEmpty, extra["content"] == nil { return }
        // An empty last user message is valid, because it may only accompany a file; any other empty message is
        // dropped.
        if content == nil, !(role == .user && isLast) { return }
        if content?.isEmpty ?? true, role != .assistant { content = [.text("")] }
        var message = ChatMessage(
            role: role, content: content ?? [], toolCalls: found, name: field["name"].value.stringValue)
        message.extra = extra
        messages.append(message)
        open = found
    }

    private static func role(_ field: Field) throws(FormatError) -> ChatMessage.Role {
        let name = try field.string().lowercased()
        guard let role = ChatMessage.Role(rawValue: name) ?? roles[name] else {
            let all = ChatMessage.Role.allCases.map(\.rawValue).joined(separator: ", ")
            throw field.failure("must be one of \(all)")
        }
        return role
    }

    // MARK: - Calls and results

    private mutating func calls(of field: Field) throws(FormatError) -> [ChatToolCall] {
        var found: [ChatToolCall] = []
        for call in try field["tool_calls"].elements() {
            found.append(try ChatToolCall(parsing: call, number: number()))
        }
        guard found.count <= Self.maxCalls else {
            throw field["tool_calls"].failure("has more than \(Self.maxCalls) calls")
        }
        // The predecessor of `tool_calls`, which allowed a single call.
        if found.isEmpty, field["function_call"].value.objectValue != nil {
            found.append(try ChatToolCall(function: field["function_call"], id: nil, number: number()))
        }
        return found
    }

    private mutating func number() -> Int {
        calls += 1
        return calls
    }

    private mutating func addResult(_ field: Field, _ content: [ContentPart]) {
        let id = field["tool_call_id"].value.stringValue
        let name = field["name"].value.stringValue
        // Matched by id if there is one, otherwise by name, otherwise by order.
        let place =
            if let id { open.firstIndex { $0.id == id } } else {
                open.firstIndex { $0.name == name } ?? (open.isEmpty ? nil : open.startIndex)
            }
        guard let place else { return }
        let call = open.remove(at: place)
        messages.append(ChatMessage(role: .tool, content: content, toolCallID: call.id, name: name))
    }

    private mutating func closeCalls() {
        for call in open {
            messages.append(
                ChatMessage(role: .tool, content: [.text(Self.missingResult)], toolCallID: call.id, name: nil))
        }
        open = []
    }
}

extension ContentPart {
    /// Parses the parts of a message; `nil` if it has no content.
    ///
    /// - Parameters:
    ///   - isLast: whether this is the message to answer. In earlier messages, an unsupported part is replaced with a
    ///     note instead of failing the request.
    ///   - skipsReasoning: whether parts that are reasoning are kept elsewhere.
    fileprivate static func parts(
        of content: Field, isLast: Bool, skipsReasoning: Bool
    ) throws(FormatError) -> [ContentPart]? {
        switch content.value {
        case .null: return nil
        case .string(let text): return [.text(text)]
        case .object: return [try ContentPart(parsing: content)]
        case .array:
            var parts: [ContentPart] = []
            for part in try content.elements() where !part.isNull {
                if skipsReasoning, ModelMembers.isReasoning(part.value) { continue }
                do throws(FormatError) {
                    parts.append(try ContentPart(parsing: part))
                } catch {
                    guard !isLast, let type = part.value["type"]?.stringValue else { throw error }
                    parts.append(.text("[A part of the type \(type.prefix(64)), which is not supported.]"))
                }
            }
            return parts
        default: throw content.mismatch("a string or an array of parts")
        }
    }

    private init(parsing field: Field) throws(FormatError) {
        if case .string(let text) = field.value {
            self = .text(text)
            return
        }
        let members = try field.object()
        // A part without a type has the type of its member.
        let known = ["text", "refusal", "image_url"].first { members.given($0) != nil }
        let type = if let known, field["type"].isNull { known } else { try field["type"].string() }
        switch type {
        case "text", "input_text", "output_text": self = .text(try field["text"].string())
        case "refusal": self = .text(try field["refusal"].string())
        case "input_image" where members.given("file_id") != nil:
            self = .file(try AttachedFile(parsing: field))
        case "file" where members["file"]?.objectValue != nil: self = .file(try AttachedFile(parsing: field["file"]))
        case "file", "input_file": self = .file(try AttachedFile(parsing: field))
        case "image_url", "input_image":
            let image = field["image_url"]
            let isText = image.value.stringValue != nil
            self = .imageURL(try isText ? image.string() : image["url"].string())
        case "image" where members["source"]?["data"]?.stringValue != nil:
            let type = members["source"]?["media_type"]?.stringValue ?? "image/png"
            self = .imageURL("data:\(type);base64,\(try field["source"]["data"].string())")
        default: throw field["type"].failure("must be text, image_url or file: no other content is supported")
        }
    }
}

extension ChatToolCall {
    /// - Parameter number: used for the id if the call has none.
    fileprivate init(parsing field: Field, number: Int) throws(FormatError) {
        _ = try field.object()
        let id = try field["id"].optionalWord()
        let extra = ModelMembers.ofCall(field.value)
        if field["function"].isNull, field["custom"].value.objectValue != nil {
            self.init(
                id: id ?? "call_\(number)", name: try field["custom"]["name"].string(),
                arguments: JSON.object(["input": field["custom"]["input"].value]).text, extra: extra)
            return
        }
        try self.init(function: field["function"], id: id, number: number)
        self.extra = extra
    }

    fileprivate init(function: Field, id: String?, number: Int) throws(FormatError) {
        let arguments = function["arguments"]
        // Some clients parse the arguments and send the resulting object.
        let text =
            switch arguments.value {
            case .null: "{}"
            case .object: arguments.value.text
            default: try arguments.string()
            }
        let known = id.flatMap { $0.isEmpty ? nil : $0 }
        self.init(id: known ?? "call_\(number)", name: try function["name"].string(), arguments: text)
    }
}
