import JSON
public import MCP

/// A message of a prompt.
public struct PromptMessage: Sendable, Equatable {
    /// Who speaks: `user` or `assistant`.
    public let role: String
    /// What is said.
    public let content: ContentBlock

    /// Reads the answer to `prompts/get`. What cannot be read is left out: a person's words must not be mixed with ours
    /// about them.
    ///
    /// - Parameter remark: told what is left out.
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

    /// A message a block: there are servers that put several into one.
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
    /// Reads an element of `prompts/list`.
    init(answered value: JSON) throws(MCPClientError) {
        let fields = try Fields(value, of: "a prompt")
        let name = try fields.string("name")
        self.init(
            name: name, title: fields.description("title") ?? name,
            description: fields.description("description") ?? "")
    }
}
