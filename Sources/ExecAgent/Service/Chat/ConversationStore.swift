import JSON
import OpenAI

/// Conversations that are continued by a user's name. In memory; limited in number, bytes and age.
///
/// The messages that a client sends are the history. If it sends only one new user message, the remembered
/// conversation is continued. A front end's chat is never continued, since it is sent whole each time: a single
/// message there is the first one, asked again or edited.
final class ConversationStore: Sendable {
    private let store: BoundedStore<[ChatMessage]>

    /// - Parameters:
    ///   - seconds: how long a conversation stays unused before it is forgotten; 0 to remember none.
    ///   - maxCount: maximum number of conversations.
    ///   - maxBytes: their maximum total size.
    init(
        seconds: Double, maxCount: Int, maxBytes: Int,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        store = BoundedStore(seconds: seconds, maxCount: maxCount, maxBytes: maxBytes, now: now)
    }

    /// The number of conversations.
    var count: Int { store.count }

    /// Returns the messages a run starts with.
    ///
    /// - Parameter messages: as the client sent them. If they include instructions, these replace the earlier ones.
    func continued(by messages: [ChatMessage], of caller: Caller) -> [ChatMessage] {
        guard let name = caller.conversation, !caller.isChat else { return messages }
        return continued(by: messages, of: name)
    }

    /// Returns the messages with which the conversation of this name continues.
    func continued(by messages: [ChatMessage], of name: String) -> [ChatMessage] {
        guard Self.isOneNewMessage(messages) else { return messages }
        let known = store.value(name) ?? []
        let instructions = messages.filter(\.isInstruction)
        return (instructions.isEmpty ? known.filter(\.isInstruction) : instructions)
            + known.filter { !$0.isInstruction } + messages.filter { !$0.isInstruction }
    }

    /// Stores a conversation, replacing the earlier one.
    func keep(_ messages: [ChatMessage], of name: String) {
        store.keep(messages, bytes: messages.byteCount, as: name)
    }

    /// Forgets a user's conversations.
    ///
    /// - Returns: whether there was one.
    func end(_ user: String) -> Bool {
        !store.remove { name, _ in Caller.isConversation(name, of: user) }.isEmpty
    }

    private static func isOneNewMessage(_ messages: [ChatMessage]) -> Bool {
        let said = messages.filter { !$0.isInstruction }
        return said.count == 1 && said[0].role == .user
    }
}

extension ChatMessage {
    /// Whether it is an instruction by the client's operator rather than part of the dialog.
    var isInstruction: Bool { role == .system || role == .developer }

    /// The approximate size in memory.
    fileprivate var byteCount: Int {
        let calls = toolCalls.reduce(extra.byteCount + (rawText?.utf8.count ?? 0)) {
            $0 + $1.arguments.utf8.count + $1.name.utf8.count + $1.id.utf8.count + $1.extra.byteCount
        }
        return content.reduce(calls + 64) { sum, part in
            switch part {
            case .text(let text), .imageURL(let text): sum + text.utf8.count + 16
            case .file(let file): sum + file.mention.utf8.count + 16
            }
        }
    }
}

extension [ChatMessage] {
    /// The approximate size in memory.
    var byteCount: Int { reduce(0) { $0 + $1.byteCount } }
}

extension JSONObject {
    fileprivate var byteCount: Int { isEmpty ? 0 : JSON.object(self).serialized().count }
}
