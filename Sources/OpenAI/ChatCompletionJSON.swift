public import JSON

extension TokenUsage {
    /// Serializes the usage in the API's format.
    public var json: JSON {
        [
            "prompt_tokens": .integer(prompt), "completion_tokens": .integer(completion),
            "total_tokens": .integer(total),
        ]
    }

    /// Parses a usage leniently; `nil` if none. Invalid numbers count as 0.
    init?(parsing value: JSON?) {
        guard let value, value.objectValue != nil else { return nil }
        func count(_ key: String) -> Int {
            // Some servers send numbers as strings.
            let number = value[key]?.numberValue ?? value[key]?.stringValue.flatMap(Double.init) ?? 0
            // The bound keeps the sum over many answers from overflowing.
            return number > 0 && number < 1e12 ? Int(number) : 0
        }
        self.init(prompt: count("prompt_tokens"), completion: count("completion_tokens"))
    }
}

extension ChatCompletion {
    /// Serializes the answer in the API's non-streaming format.
    ///
    /// - Parameters:
    ///   - created: seconds since 1970.
    ///   - extra: additional members, which clients that don't know them ignore.
    public func json(id: String, created: Int, model: String, extra: JSONObject = JSONObject()) -> JSON {
        var object: JSONObject = [
            "id": .string(id), "object": "chat.completion", "created": .integer(created), "model": .string(model),
            "choices": [
                [
                    "index": 0, "message": message.json, "logprobs": nil,
                    "finish_reason": .string((finishReason ?? .stop).word),
                ]
            ],
        ]
        object["usage"] = usage?.json
        for member in extra { object[member.key] = member.value }
        return .object(object)
    }

    /// Parses a server's complete answer, leniently.
    ///
    /// - Parameters:
    ///   - tools: the tools that the model may call, to find calls written as text.
    ///   - hasToolChannel: whether the server has delivered calls of this model as such before.
    ///   - readTexts: what the model has read; calls that stand there are only shown.
    /// - Throws: ``AnswerError``.
    public init(
        parsing body: JSON, limits: AnswerLimits = AnswerLimits(), tools: [FunctionTool] = [],
        hasToolChannel: Bool = false, readTexts: ReadTexts = ReadTexts()
    ) throws(AnswerError) {
        // A complete answer is treated as a single large chunk, so both follow the same rules.
        let chunk: ChatChunk
        do throws(FormatError) {
            chunk = try ChatChunk(parsing: body)
        } catch {
            throw .malformed(error.description)
        }
        var assembler = CompletionAssembler(
            limits: limits, tools: tools, hasToolChannel: hasToolChannel, readTexts: readTexts)
        _ = try assembler.add(chunk)
        self = try assembler.completion(isDone: true).answer
    }
}
