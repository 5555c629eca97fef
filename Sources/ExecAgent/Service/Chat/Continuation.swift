import OpenAI

extension ChatMessage {
    /// Returns a message that asks for the rest of an answer if a conversation ends with an assistant message, as a
    /// front end's "continue" sends it. On its own it asks nothing, and many endpoints reject it.
    ///
    /// - Returns: `nil` if the conversation ends otherwise.
    static func continuation(of conversation: [ChatMessage]) -> ChatMessage? {
        guard conversation.last(where: { !$0.isInstruction })?.role == .assistant else { return nil }
        return ChatMessage(role: .user, text: "Continue where your last answer stopped, without repeating any of it.")
    }
}
