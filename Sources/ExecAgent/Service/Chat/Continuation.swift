import OpenAI

extension ChatMessage {
    /// What asks for the rest of an answer, where a front end sends the conversation up to it: by itself it asks nothing,
    /// and many endpoints refuse it.
    ///
    /// - Returns: `nil` for a conversation that ends otherwise.
    static func continuation(of conversation: [ChatMessage]) -> ChatMessage? {
        guard conversation.last(where: { !$0.isInstruction })?.role == .assistant else { return nil }
        return ChatMessage(role: .user, text: "Go on where your last answer stopped, without repeating any of it.")
    }
}
