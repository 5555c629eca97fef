import JSON
public import MCP

/// A message of a prompt.
public struct PromptMessage: Sendable, Equatable {
    /// The speaker: `user` or `assistant`.
    public let role: String
    /// The message's content.
    public let content: ContentBlock

    /// Parses the response to `prompts/get`. Unreadable messages are left out, not replaced: a person's words must not
    /// be mixed with notes about them.
    ///
    /// - Parameter remark: called with each part that is left out.
    static func all(answered result: JSONObject, remark: (String) -> Void) throws(MCPClientError) -> [PromptMessage] {
        var messages: [PromptMessage] = []
        for value in try Fields(result, of: "the answer to prompts/get").array("messages") {
            do throws(MCPClientError) {
                messages += try Self.blocks(of: try Fields(value, of: "a message of a prompt"))
            } catch {
                remark("a message of a prompt cannot be read: \(error.reason)")
            }
        }
        return messages
    }

    /// Returns one message per block: some servers put several blocks into one message.
    private static func blocks(of message: Fields) throws(MCPClientError) -> [PromptMessage] {
        let role = message.description("role") ?? "user"
        let blocks: [JSON] =
            switch message.value("content") {
            case .array(let blocks): blocks
            case .string(let text): [["type": "text", "text": .string(text)]]
            default: [.object(try message.object("content"))]
            }
        var messages: [PromptMessage] = []
        for block in blocks {
            messages.append(PromptMessage(role: role, content: try ContentBlock(answered: block)))
        }
        return messages
    }
}

extension Prompt {
    /// Parses an element of `prompts/list`.
    init(answered value: JSON) throws(MCPClientError) {
        let fields = try Fields(value, of: "a prompt")
        let name = try fields.string("name")
        self.init(
            name: name, title: fields.description("title") ?? name,
            description: fields.description("description") ?? "")
    }
}
