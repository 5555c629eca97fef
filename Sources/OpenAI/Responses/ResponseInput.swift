public import JSON

/// The input of a response: items of a conversation.
///
/// A text alone is a user's message. Messages, calls of functions and their results are read; of what a response's
/// output contains besides, nothing has to be said again.
public struct ResponseInput: Sendable, Equatable {
    /// The items as they were sent; a text alone as a message.
    public private(set) var items: [JSONObject]
    /// The name of the member that they were sent as.
    private let path: String

    /// Parses the member `input`.
    ///
    /// - Throws: ``FormatError``.
    public init(parsing value: JSON) throws(FormatError) {
        try self.init(parsing: Field(value, path: "input"))
    }

    init(parsing field: Field) throws(FormatError) {
        path = field.path
        switch field.value {
        case .string(let text):
            items = [["type": "message", "role": "user", "content": .string(text)]]
        case .object(let item): items = [item]
        case .array:
            var items: [JSONObject] = []
            for element in try field.elements() { items.append(try element.object()) }
            self.items = items
        default: throw field.mismatch("a string or an array of items")
        }
    }

    /// The ids of items that stand for items of earlier responses, with the places of these.
    public var references: [(place: Int, id: String)] {
        items.enumerated().compactMap { place, item in
            guard item["type"] == "item_reference", let id = item["id"]?.stringValue else { return nil }
            return (place, id)
        }
    }

    /// Puts an item in the place of a reference to it.
    public mutating func replace(_ place: Int, by item: JSONObject) { items[place] = item }

    /// Returns the messages, as they continue a conversation.
    ///
    /// - Parameter history: the conversation; calls at its end may get their results.
    /// - Throws: ``FormatError``, which names the invalid item.
    public func messages(after history: [ChatMessage] = []) throws(FormatError) -> [ChatMessage] {
        var fields: [Field] = []
        // Calls of one turn follow one another.
        var calls: [JSON] = []
        var callsPath = ""
        func closeCalls() {
            guard !calls.isEmpty else { return }
            fields.append(Field(["role": "assistant", "tool_calls": .array(calls)], path: callsPath))
            calls = []
        }
        for (place, item) in items.enumerated() {
            let field = Field(.object(item), path: path == "input" ? "input[\(place)]" : path)
            switch try Self.said(field) {
            case .message(let message):
                closeCalls()
                fields.append(Field(message, path: field.path))
            case .call(let call):
                if calls.isEmpty { callsPath = field.path }
                calls.append(call)
            case .nothing: break
            }
        }
        closeCalls()
        return try ChatHistory.messages(fields, answering: Self.openCalls(history))
    }

    /// Returns the calls at the end of a conversation that have no result.
    private static func openCalls(_ history: [ChatMessage]) -> [ChatToolCall] {
        guard let place = history.lastIndex(where: { $0.role != .tool }), history[place].role == .assistant else {
            return []
        }
        let answered = Set(history[place...].compactMap(\.toolCallID))
        return history[place].toolCalls.filter { !answered.contains($0.id) }
    }

    /// An item in the form of the Chat Completions API.
    private enum Said {
        case message(JSON)
        /// A call of a function by the assistant.
        case call(JSON)
        /// What the model need not be told.
        case nothing
    }

    private static func said(_ field: Field) throws(FormatError) -> Said {
        let item = field.value
        // A message may come without its type.
        let type = try field["type"].optionalString() ?? (item["role"] == nil ? "" : "message")
        switch type {
        case "message": return .message(["role": item["role"] ?? .null, "content": item["content"] ?? .null])
        case "function_call", "custom_tool_call":
            let isCustom = type == "custom_tool_call"
            let arguments: JSON? =
                isCustom ? .string(JSON.object(["input": item["input"] ?? ""]).text) : item["arguments"]
            return .call([
                "id": .string(try field["call_id"].string()),
                "function": ["name": .string(try field["name"].string()), "arguments": arguments ?? .null],
            ])
        case "function_call_output", "custom_tool_call_output":
            return .message([
                "role": "tool", "tool_call_id": .string(try field["call_id"].string()),
                "content": item["output"] ?? .null,
            ])
        case "item_reference": throw field.failure("refers to an item that isn't known")
        // What the agent or another provider's tool did, and thoughts: the answer after them is there.
        case "reasoning", "compaction": return .nothing
        default:
            if type.hasPrefix("mcp_") || type.hasSuffix("_call") || type.hasSuffix("_call_output") { return .nothing }
            throw field["type"].failure(
                "must be message, function_call or function_call_output, not \(type.prefix(64))")
        }
    }
}

extension ResponseInput {
    /// Returns the items in the form in which they are listed, without the bytes of files.
    ///
    /// - Parameter id: returns an id for the item at a place.
    public func listed(id: (_ kind: String, _ place: Int) -> String) -> [JSONObject] {
        items.enumerated().map { place, item in
            var item = item
            let isMessage = item["role"] != nil
            if isMessage {
                item["type"] = "message"
                item["status"] = item["status"] ?? "completed"
            }
            item["id"] = item.given("id") ?? .string(id(isMessage ? "msg" : "item", place))
            if let text = item["content"]?.stringValue {
                let isOutput = item["role"] == "assistant"
                item["content"] = [["type": isOutput ? "output_text" : "input_text", "text": .string(text)]]
            } else if let parts = item["content"]?.arrayValue {
                item["content"] = .array(parts.map(Self.withoutBytes))
            }
            return item
        }
    }

    private static func withoutBytes(_ part: JSON) -> JSON {
        guard var members = part.objectValue else { return part }
        if members["file_data"] != nil { members["file_data"] = .null }
        if members["image_url"]?.stringValue?.hasPrefix("data:") == true { members["image_url"] = .null }
        return .object(members)
    }
}
