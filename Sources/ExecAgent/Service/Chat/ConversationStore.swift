import JSON
import OpenAI
import Threading

/// Conversations that are continued by a user's name. In memory; limited in number, bytes and age.
///
/// The messages that a client sends are the history. If it sends only one new user message, the remembered
/// conversation is continued. A front end's chat is never continued, since it is sent whole each time: a single
/// message there is the first one, asked again or edited.
final class ConversationStore: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct Conversation {
        var messages: [ChatMessage]
        var bytes: Int
        var lastUse: Instant
    }

    private struct State {
        var conversations: [String: Conversation] = [:]
        var bytes = 0

        mutating func remove(_ name: String) -> Conversation? {
            let removed = conversations.removeValue(forKey: name)
            bytes -= removed?.bytes ?? 0
            return removed
        }
    }

    private let seconds: Double
    private let maxCount: Int
    private let maxBytes: Int
    private let now: @Sendable () -> Instant
    private let state = Locked(State())

    /// - Parameters:
    ///   - seconds: how long a conversation stays unused before it is forgotten; 0 to remember none.
    ///   - maxCount: maximum number of conversations.
    ///   - maxBytes: their maximum total size.
    init(
        seconds: Double, maxCount: Int, maxBytes: Int, now: @escaping @Sendable () -> Instant = { ContinuousClock.now }
    ) {
        self.seconds = seconds
        self.maxCount = maxCount
        self.maxBytes = maxBytes
        self.now = now
    }

    /// The number of conversations.
    var count: Int { state.withLock { $0.conversations.count } }

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
        let time = now()
        let known = state.withLock { state -> [ChatMessage] in
            guard let conversation = state.conversations[name], !isOver(conversation, time) else { return [] }
            return conversation.messages
        }
        let instructions = messages.filter(\.isInstruction)
        return (instructions.isEmpty ? known.filter(\.isInstruction) : instructions)
            + known.filter { !$0.isInstruction } + messages.filter { !$0.isInstruction }
    }

    /// Stores a conversation, replacing the earlier one.
    func keep(_ messages: [ChatMessage], of name: String) {
        guard seconds > 0 else { return }
        let time = now()
        let bytes = messages.reduce(0) { $0 + $1.byteCount }
        state.withLock { state in
            _ = state.remove(name)
            for (other, conversation) in state.conversations where isOver(conversation, time) {
                _ = state.remove(other)
            }
            guard bytes <= maxBytes, maxCount > 0 else { return }
            while state.conversations.count >= maxCount || state.bytes + bytes > maxBytes,
                let oldest = state.conversations.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                _ = state.remove(oldest.key)
            }
            state.conversations[name] = Conversation(messages: messages, bytes: bytes, lastUse: time)
            state.bytes += bytes
        }
    }

    /// Forgets a user's conversations.
    ///
    /// - Returns: whether there was one.
    func end(_ user: String) -> Bool {
        let time = now()
        return state.withLock { state in
            state.conversations.keys.filter { Caller.isConversation($0, of: user) }
                .compactMap { state.remove($0) }.contains { !isOver($0, time) }
        }
    }

    private func isOver(_ conversation: Conversation, _ time: Instant) -> Bool {
        conversation.lastUse.duration(to: time) / .seconds(1) >= seconds
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
            }
        }
    }
}

extension JSONObject {
    fileprivate var byteCount: Int { isEmpty ? 0 : JSON.object(self).serialized().count }
}
