public import JSON

extension ChatMessage {
    /// Serializes the message in the API's format.
    public var json: JSON {
        var object: JSONObject = ["role": .string(role.rawValue), "content": contentJSON]
        if let name { object["name"] = .string(name) }
        if !toolCalls.isEmpty { object["tool_calls"] = .array(toolCalls.map(\.json)) }
        if let toolCallID { object["tool_call_id"] = .string(toolCallID) }
        object.addMissing(extra)
        return .object(object)
    }

    /// Text alone is sent as a string, which every server accepts; only pictures need parts.
    private var contentJSON: JSON {
        // For an assistant message with only tool calls, the content is an empty string: some servers reject null, none
        // rejects this.
        let isText = content.allSatisfy { if case .text = $0 { true } else { false } }
        if let thoughts = extra["content"]?.arrayValue {
            return .array(thoughts + (isText && text.isEmpty ? [] : content.map(\.json)))
        }
        return isText ? .string(text) : .array(content.map(\.json))
    }
}

extension ContentPart {
    /// Serializes the part in the API's format.
    public var json: JSON {
        switch self {
        case .text(let text): ["type": "text", "text": .string(text)]
        case .imageURL(let url): ["type": "image_url", "image_url": ["url": .string(url)]]
        case .file(let file): ["type": "text", "text": .string(file.mention)]
        }
    }
}

extension ChatToolCall {
    /// Serializes the call in the API's format.
    public var json: JSON {
        var function: JSONObject = ["name": .string(name), "arguments": .string(arguments)]
        function.addMissing(extra["function"]?.objectValue)
        var object: JSONObject = ["id": .string(id), "type": "function", "function": .object(function)]
        object.addMissing(extra)
        return .object(object)
    }
}

extension JSONObject {
    /// Adds the members of another object that are missing from this one.
    fileprivate mutating func addMissing(_ other: JSONObject?) {
        for member in other ?? JSONObject() where self[member.key] == nil { self[member.key] = member.value }
    }
}

extension FunctionTool {
    /// Serializes the tool in the API's format.
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
    /// Serializes the body of a streaming request.
    ///
    /// - Parameter includesUsage: whether the stream should end with the usage. Not every server supports the option.
    public func streamingBody(includesUsage: Bool) -> JSON {
        var body: JSONObject = ["model": .string(model), "messages": .array(messages.map(\.json))]
        if !tools.isEmpty { body["tools"] = .array(tools.map(\.json)) }
        for parameter in parameters where body[parameter.key] == nil { body[parameter.key] = parameter.value }
        body["stream"] = true
        body["stream_options"] = includesUsage ? ["include_usage": true] : nil
        return .object(body)
    }
}
