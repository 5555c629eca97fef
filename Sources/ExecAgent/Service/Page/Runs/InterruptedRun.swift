import JSON
import OpenAI

/// Rebuilds what a run that was stopped, or that failed, added to its conversation: such a run returns no messages.
enum InterruptedRun {
    /// Maximum size of a call's result, in bytes.
    private static let maxResult = 8000
    private static let unfinished = "Not finished: the run ended before."

    /// Returns the messages for the model.
    ///
    /// - Parameters:
    ///   - events: the run's events.
    ///   - note: what is said last.
    static func messages(of events: [JSONObject], note: String) -> [ChatMessage] {
        var messages: [ChatMessage] = []
        var text = ""
        var calls: [ChatToolCall] = []
        var results: [String: String] = [:]
        func closeMessage() {
            guard !text.isEmpty || !calls.isEmpty else { return }
            messages.append(
                ChatMessage(role: .assistant, content: text.isEmpty ? [] : [.text(text)], toolCalls: calls))
            messages += calls.map { call in
                ChatMessage(role: .tool, content: [.text(results[call.id] ?? unfinished)], toolCallID: call.id)
            }
            (text, calls, results) = ("", [], [:])
        }
        for event in events {
            let id = event["id"]?.stringValue ?? ""
            switch event["type"] {
            case "text":
                if !results.isEmpty { closeMessage() }
                text += event["text"]?.stringValue ?? ""
            case "tool_started":
                if !results.isEmpty { closeMessage() }
                guard !calls.contains(where: { $0.id == id }) else { continue }
                calls.append(
                    ToolCalls.acceptable(
                        ChatToolCall(
                            id: id, name: event["name"]?.stringValue ?? "",
                            arguments: event["arguments"]?.stringValue ?? "")))
            case "tool_ended":
                if calls.contains(where: { $0.id == id }) { results[id] = result(event) }
            default: break
            }
        }
        closeMessage()
        return messages + [ChatMessage(role: .assistant, text: note)]
    }

    private static func result(_ event: JSONObject) -> String {
        var parts: [String] = []
        if let code = event["exit_code"]?.integerValue { parts.append("exit code \(code)") }
        for (name, title) in [("stdout", "stdout:\n"), ("stderr", "stderr:\n"), ("text", "")] {
            let cut = event[name]
            let text = (cut?["head"]?.stringValue ?? "") + (cut?["tail"]?.stringValue ?? "")
            if !text.isEmpty { parts.append(title + text) }
        }
        return Excerpt.of(parts.isEmpty ? "(no output)" : parts.joined(separator: "\n"), limit: maxResult)
    }
}
