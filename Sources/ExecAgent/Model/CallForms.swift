import JSON
import OpenAI

/// Other forms for tool calls and their results, for models whose chat template doesn't know the usual one.
extension [ChatMessage] {
    /// The messages with no more than one call in each, the call's result behind it.
    ///
    /// Templates that read a single call refuse a conversation in which several were made at once.
    var withSingleCalls: [ChatMessage] {
        var result: [ChatMessage] = []
        var rest = self[...]
        while let message = rest.popFirst() {
            guard message.toolCalls.count > 1 else {
                result.append(message)
                continue
            }
            let answers = rest.prefix { $0.role == .tool }
            rest = rest.dropFirst(answers.count)
            for (place, call) in message.toolCalls.enumerated() {
                // What was said and thought belongs to the first: saying it again would be another thing said.
                var single = place == 0 ? message : ChatMessage(role: .assistant, content: [])
                single.toolCalls = [call]
                result.append(single)
                result += answers.filter { $0.toolCallID == call.id }
            }
            let ids = message.toolCalls.map(\.id)
            result += answers.filter { !ids.contains($0.toolCallID ?? "") }
        }
        return result
    }

    /// The messages with the tools told in the instructions at their beginning, in the words of models that learned to
    /// call tools so.
    func telling(_ tools: [FunctionTool]) -> [ChatMessage] {
        guard !tools.isEmpty else { return self }
        let instruction = ChatMessage(
            role: .system,
            text: """
                # Tools

                You may call one or more functions to assist with the user query.

                You are provided with function signatures within <tools></tools> XML tags:
                <tools>
                \(tools.map(\.json.text).joined(separator: "\n"))
                </tools>

                For each function call, return a JSON object with function name and arguments within \
                <tool_call></tool_call> XML tags, and stop behind the last one. Its result comes with the next message:
                <tool_call>
                {"name": "function_name", "arguments": {"argument": "value"}}
                </tool_call>
                """)
        guard let first, first.role == .system || first.role == .developer else { return [instruction] + self }
        var opening = first
        opening.content += [.text("\n\n\(instruction.text)")]
        return [opening] + dropFirst()
    }

    /// The messages with calls and results told in text: by the assistant, and by the user.
    ///
    /// Templates that know two speakers take this alone. Calls are written as models without such a template write
    /// them, so that one that copies what it reads makes calls that are understood.
    var withCallsAsText: [ChatMessage] {
        map { message in
            var message = message
            if message.role == .tool {
                message.role = .user
                message.toolCallID = nil
                message.content =
                    [.text("<tool_response>\n")] + message.content + [.text("\n</tool_response>")]
            } else if !message.toolCalls.isEmpty {
                let calls = message.toolCalls.map { call in
                    let arguments = (try? JSON.parse(call.arguments)) ?? .string(call.arguments)
                    let object: JSON = ["name": .string(call.name), "arguments": arguments]
                    return "<tool_call>\n\(object.text)\n</tool_call>"
                }
                let said = message.text.isEmpty ? calls : [message.text] + calls
                message.content = [.text(said.joined(separator: "\n"))]
                message.toolCalls = []
            }
            return message
        }
    }
}
