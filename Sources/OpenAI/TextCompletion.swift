public import JSON

/// A client's request to the older Completions API, `POST /completions`: a prompt instead of messages.
public enum TextCompletion {
    private static let only: [(name: String, values: [JSON], reason: String)] = [
        ("suffix", [""], "text is only added at the end"),
        ("echo", [false], "the answer has only new text"),
        ("best_of", [1], "a request has one answer"),
        ("logprobs", [0], "an answer may combine several answers of the model"),
    ]

    /// Returns the body as a request for a chat with one message.
    ///
    /// - Throws: ``FormatError``, which names the invalid member.
    public static func chat(_ body: JSON) throws(FormatError) -> JSON {
        let root = Field(body)
        var members = try root.object()
        for (name, values, reason) in only {
            if let value = members.given(name), !values.contains(value) {
                throw root[name].failure("is not supported: \(reason)")
            }
            members[name] = nil
        }
        members["prompt"] = nil
        members["messages"] = [["role": "user", "content": .string(try prompt(root["prompt"]))]]
        return .object(members)
    }

    /// A list of one prompt is a prompt.
    private static func prompt(_ field: Field) throws(FormatError) -> String {
        guard field.value.arrayValue != nil else { return try field.string() }
        let elements = try field.elements()
        guard elements.count == 1, let text = elements[0].value.stringValue else {
            throw field.failure("must be a string: several prompts, or tokens, are not supported")
        }
        return text
    }
}

extension ChatCompletion {
    /// Serializes the answer as one of the Completions API.
    ///
    /// - Parameters:
    ///   - created: seconds since 1970.
    ///   - extra: additional members, which clients that don't know them ignore.
    public func textJSON(id: String, created: Int, model: String, extra: JSONObject = JSONObject()) -> JSON {
        Self.textJSON(
            id, created, model, message.text, finishReason.map { .string($0.word) } ?? "stop", usage, extra)
    }

    fileprivate static func textJSON(
        _ id: String, _ created: Int, _ model: String, _ text: String?, _ reason: JSON, _ usage: TokenUsage?,
        _ extra: JSONObject
    ) -> JSON {
        var object: JSONObject = [
            "id": .string(id), "object": "text_completion", "created": .integer(created), "model": .string(model),
            "choices": .array(
                text.map { [["text": .string($0), "index": 0, "logprobs": nil, "finish_reason": reason]] } ?? []),
        ]
        object["usage"] = usage?.json
        for member in extra where member.key != "choices" { object[member.key] = member.value }
        return .object(object)
    }
}

extension ChatChunk {
    /// Serializes the chunk as one of the Completions API.
    public func textJSON(id: String, created: Int, model: String, extra: JSONObject = JSONObject()) -> JSON {
        ChatCompletion.textJSON(
            id, created, model, delta?.text, finishReason.map { .string($0.word) } ?? .null, usage, extra)
    }
}
