import JSON
public import MCP

/// A message of a prompt.
public struct PromptMessage: Sendable, Equatable {
    /// Who speaks: `user` or `assistant`.
    public let role: String
    /// What is said.
    public let content: ContentBlock

    /// Reads the answer to `prompts/get`.
    static func all(answered result: JSONObject) throws(MCPClientError) -> [PromptMessage] {
        var messages: [PromptMessage] = []
        for value in try Fields(result, of: "the answer to prompts/get").array("messages") {
            let fields = try Fields(value, of: "a message of a prompt")
            messages.append(
                PromptMessage(
                    role: try fields.string("role"),
                    content: try ContentBlock(answered: .object(try fields.object("content")))))
        }
        return messages
    }
}

extension Prompt {
    /// Reads an element of `prompts/list`.
    init(answered value: JSON) throws(MCPClientError) {
        let fields = try Fields(value, of: "a prompt")
        let name = try fields.string("name")
        self.init(
            name: name, title: try fields.optionalString("title") ?? name,
            description: try fields.optionalString("description") ?? "")
    }
}
