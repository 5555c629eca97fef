import JSON
import OpenAI

/// A run of the agent with a `response_format` that its endpoint does not accept together with tools. The agent works
/// without it, gets the format described in words, and only the JSON object in its answer is returned.
struct FormedRun: Sendable {
    /// The client's `response_format`.
    let form: JSON
    /// The other parameters.
    let parameters: JSONObject
    let onEvent: @Sendable (AgentEvent) async -> Void
    let work:
        @Sendable (
            _ conversation: [ChatMessage], _ parameters: JSONObject,
            _ onEvent: @escaping @Sendable (AgentEvent) async -> Void
        ) async throws -> RunResult

    func run(_ conversation: [ChatMessage]) async throws -> RunResult {
        await onEvent(
            .notice("the model's API does not accept 'response_format' with tools: the model gets it in words"))
        let own = conversation.prefix(while: \.isInstruction)
        let instruction = ChatMessage(role: .system, text: instruction)
        let opening: [ChatMessage] = own + [instruction] + conversation.dropFirst(own.count)
        var result = try await work(opening, parameters) { [onEvent] event in
            // Only the last text is the answer.
            if case .text = event { return }
            await onEvent(event)
        }
        guard let last = result.messages.last, last.role == .assistant, !last.text.isEmpty else { return result }
        var text = last.text
        if result.end == .answered, let object = AnswerObjects.last(in: text) { text = object }
        result.messages[result.messages.count - 1] = ChatMessage(role: .assistant, text: text)
        await onEvent(.text(text))
        return result
    }

    private var instruction: String {
        let schema = form["json_schema"]?["schema"] ?? form["schema"]
        let words =
            "Your last message is read by a program. Do what is asked, with your tools if they are useful, and then"
            + " answer with one JSON object and nothing before or after it."
        return schema.map { "\(words)\nJSON Schema of the object: \($0.text)" } ?? words
    }
}
