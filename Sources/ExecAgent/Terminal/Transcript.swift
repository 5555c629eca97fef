import JSON
import OpenAI

/// Formats a conversation as a file.
enum Transcript {
    /// For people: the dialog, with the tool calls and their results as code.
    static func markdown(_ messages: [ChatMessage]) -> String {
        messages.map { message in
            switch message.role {
            case .user: section("User", message.content.map(shown).joined(separator: "\n\n"))
            case .assistant:
                section(
                    "Agent",
                    ([message.text].filter { !$0.isEmpty }
                        + message.toolCalls.map { "Calls `\($0.name)`:\n\n\(block(of: $0))" })
                        .joined(separator: "\n\n"))
            case .tool: section("Result", fenced(message.text))
            case .system, .developer: section("System", message.text)
            }
        }.joined(separator: "\n")
    }

    /// For programs: the messages in the format of the Chat Completions API.
    static func json(_ messages: [ChatMessage]) -> String {
        JSON.object(["messages": .array(messages.map(\.json))]).text + "\n"
    }

    private static func section(_ title: String, _ text: String) -> String {
        "## \(title)\n\n\(text)\n"
    }

    private static func shown(_ part: ContentPart) -> String {
        switch part {
        case .text(let text): text
        case .imageURL: "(a picture)"
        case .file(let file): file.mention
        }
    }

    /// The arguments of a call; a command is shown unescaped.
    private static func block(of call: ChatToolCall) -> String {
        let arguments = try? JSON.parse(call.arguments)
        if let command = arguments?["command"]?.stringValue { return fenced(command) }
        return fenced(call.arguments)
    }

    /// A code block whose fence is longer than any in the text.
    private static func fenced(_ text: String) -> String {
        var longest = 2
        var current = 0
        for character in text {
            current = character == "`" ? current + 1 : 0
            longest = max(longest, current)
        }
        let fence = String(repeating: "`", count: longest + 1)
        return "\(fence)\n\(text)\n\(fence)"
    }
}
