import JSON
import OpenAI

/// Alternative formats for tool calls and their results, for models whose chat template doesn't support the usual one.
extension [ChatMessage] {
    /// The messages with at most one call in each, followed by that call's result.
    ///
    /// Templates that support only a single call reject a conversation with parallel calls.
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
                // Only the first message keeps the text and reasoning; otherwise they would be repeated.
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

    /// Returns the messages with the tools described in the system message at the beginning, in the wording that models
    /// were trained on.
    func describing(_ tools: [FunctionTool]) -> [ChatMessage] {
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

    /// The messages with calls and results as text: calls in assistant messages, results in user messages.
    ///
    /// Templates that know only these two roles accept nothing else. Calls are written as models without a tool
    /// template write them, so a model that imitates them produces calls that can be parsed.
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
