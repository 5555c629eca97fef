public import JSON

extension TokenUsage {
    /// The usage as the API writes it.
    public var json: JSON {
        [
            "prompt_tokens": .integer(prompt), "completion_tokens": .integer(completion),
            "total_tokens": .integer(total),
        ]
    }

    /// Reads a usage leniently; `nil` where there is none. Numbers that make no sense are nought.
    init?(parsing value: JSON?) {
        guard let value, value.objectValue != nil else { return nil }
        func count(_ key: String) -> Int {
            // Some servers write numbers as texts.
            let number = value[key]?.numberValue ?? value[key]?.stringValue.flatMap(Double.init) ?? 0
            // The bound keeps sums of many answers within an integer.
            return number > 0 && number < 1e12 ? Int(number) : 0
        }
        self.init(prompt: count("prompt_tokens"), completion: count("completion_tokens"))
    }
}

extension ChatCompletion {
    /// The answer as the API writes it where it is not streamed.
    ///
    /// - Parameters:
    ///   - created: seconds since 1970.
    ///   - extra: further members, which clients that do not know them pass over.
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

    /// Reads a server's whole answer, leniently.
    ///
    /// - Parameter tools: what the model may call, to find calls that it writes as text.
    /// - Throws: ``AnswerError``.
    public init(
        parsing body: JSON, limits: AnswerLimits = AnswerLimits(), tools: [FunctionTool] = []
    ) throws(AnswerError) {
        // What holds of the pieces of a streamed answer holds of the whole: it is one large piece.
        let chunk: ChatChunk
        do throws(FormatError) {
            chunk = try ChatChunk(parsing: body)
        } catch {
            throw .malformed(error.description)
        }
        var assembler = CompletionAssembler(limits: limits, tools: tools)
        _ = try assembler.add(chunk)
        self = try assembler.completion(isDone: true).answer
    }
}
