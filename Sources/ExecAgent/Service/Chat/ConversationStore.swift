import JSON
import OpenAI
import Threading

/// The conversations that go on where they stopped: those that were asked for by a user's name. In memory, bounded in
/// number, bytes and time.
///
/// What a client sends is the history. Where it sends nothing but one new message of the user, the conversation goes on; not
/// so a front end's chat, which comes whole each time: one message there is the first one, asked again or changed.
final class ConversationStore: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct REPL {
        var messages: [ChatMessage]
        var bytes: Int
        var lastUse: Instant
    }

    private struct State {
        var conversations: [String: REPL] = [:]
        var bytes = 0

        mutating func remove(_ name: String) -> REPL? {
            let removed = conversations.removeValue(forKey: name)
            bytes -= removed?.bytes ?? 0
            return removed
        }
    }

    private let seconds: Double
    private let most: Int
    private let maxBytes: Int
    private let now: @Sendable () -> Instant
    private let state = Locked(State())

    /// - Parameters:
    ///   - seconds: how long a conversation rests before it is forgotten; 0 to remember none.
    ///   - most: how many are kept.
    ///   - maxBytes: what they may hold together.
    init(
        seconds: Double, most: Int, maxBytes: Int, now: @escaping @Sendable () -> Instant = { ContinuousClock.now }
    ) {
        self.seconds = seconds
        self.most = most
        self.maxBytes = maxBytes
        self.now = now
    }

    /// How many there are.
    var count: Int { state.withLock { $0.conversations.count } }

    /// What a run goes on with.
    ///
    /// - Parameter messages: as the client sent them. New instructions of its own take the place of those before.
    func continued(by messages: [ChatMessage], of caller: Caller) -> [ChatMessage] {
        guard let name = caller.conversation, !caller.isChat else { return messages }
        return continued(by: messages, of: name)
    }

    /// What the conversation of this name goes on with.
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

    /// Keeps a conversation in place of the one before.
    func keep(_ messages: [ChatMessage], of name: String) {
        guard seconds > 0 else { return }
        let time = now()
        let bytes = messages.reduce(0) { $0 + $1.byteCount }
        state.withLock { state in
            _ = state.remove(name)
            for (other, conversation) in state.conversations where isOver(conversation, time) {
                _ = state.remove(other)
            }
            guard bytes <= maxBytes, most > 0 else { return }
            while state.conversations.count >= most || state.bytes + bytes > maxBytes,
                let oldest = state.conversations.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                _ = state.remove(oldest.key)
            }
            state.conversations[name] = REPL(messages: messages, bytes: bytes, lastUse: time)
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

    private func isOver(_ conversation: REPL, _ time: Instant) -> Bool {
        conversation.lastUse.duration(to: time) / .seconds(1) >= seconds
    }

    private static func isOneNewMessage(_ messages: [ChatMessage]) -> Bool {
        let said = messages.filter { !$0.isInstruction }
        return said.count == 1 && said[0].role == .user
    }
}

extension ChatMessage {
    /// Whether it is of whoever runs the client, and not part of what is said.
    var isInstruction: Bool { role == .system || role == .developer }

    /// What it takes to keep it, about.
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
