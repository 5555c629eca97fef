public import JSON

extension ChatMessage {
    /// The message as the API writes it.
    public var json: JSON {
        var object: JSONObject = ["role": .string(role.rawValue), "content": contentJSON]
        if let name { object["name"] = .string(name) }
        if !toolCalls.isEmpty { object["tool_calls"] = .array(toolCalls.map(\.json)) }
        if let toolCallID { object["tool_call_id"] = .string(toolCallID) }
        object.addMissing(extra)
        return .object(object)
    }

    /// Text alone is a string, which every server takes; only pictures need parts.
    private var contentJSON: JSON {
        // An assistant that only calls tools says an empty text: some servers refuse null, none refuses this.
        let isText = content.allSatisfy { if case .text = $0 { true } else { false } }
        return isText ? .string(text) : .array(content.map(\.json))
    }
}

extension ContentPart {
    /// The part as the API writes it.
    public var json: JSON {
        switch self {
        case .text(let text): ["type": "text", "text": .string(text)]
        case .imageURL(let url): ["type": "image_url", "image_url": ["url": .string(url)]]
        }
    }
}

extension ToolCall {
    /// The call as the API writes it.
    public var json: JSON {
        var function: JSONObject = ["name": .string(name), "arguments": .string(arguments)]
        function.addMissing(extra["function"]?.objectValue)
        var object: JSONObject = ["id": .string(id), "type": "function", "function": .object(function)]
        object.addMissing(extra)
        return .object(object)
    }
}

extension JSONObject {
    /// Adds the members of another object that this one does not have.
    fileprivate mutating func addMissing(_ other: JSONObject?) {
        for member in other ?? JSONObject() where self[member.key] == nil { self[member.key] = member.value }
    }
}

extension FunctionTool {
    /// The tool as the API writes it.
    public var json: JSON {
        [
            "type": "function",
            "function": [
                "name": .string(name), "description": .string(description), "parameters": parameters,
            ],
        ]
    }
}

extension ChatRequest {
    /// The body of a request whose answer is to be streamed.
    ///
    /// - Parameter includesUsage: whether the stream is to end with what it cost. Not every server knows the option.
    public func streamingBody(includesUsage: Bool) -> JSON {
        var body: JSONObject = ["model": .string(model), "messages": .array(messages.map(\.json))]
        if !tools.isEmpty { body["tools"] = .array(tools.map(\.json)) }
        for parameter in parameters where body[parameter.key] == nil { body[parameter.key] = parameter.value }
        body["stream"] = true
        body["stream_options"] = includesUsage ? ["include_usage": true] : nil
        return .object(body)
    }
}
