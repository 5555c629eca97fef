import OpenAI
import Threading

/// The conversations of users that go on where they stopped. In memory, bounded in number, bytes and time.
///
/// What a client sends is the history. Where it sends nothing but one new message of the user, that user's conversation
/// goes on.
final class Conversations: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct Conversation {
        var messages: [ChatMessage]
        var bytes: Int
        var lastUse: Instant
    }

    private struct State {
        var conversations: [String: Conversation] = [:]
        var bytes = 0

        mutating func remove(_ user: String) -> Conversation? {
            let removed = conversations.removeValue(forKey: user)
            bytes -= removed?.bytes ?? 0
            return removed
        }
    }

    private let seconds: Double
    private let most: Int
    private let mostBytes: Int
    private let now: @Sendable () -> Instant
    private let state = Locked(State())

    /// - Parameters:
    ///   - seconds: how long a conversation rests before it is forgotten.
    ///   - most: how many are kept.
    ///   - mostBytes: what they may hold together.
    init(
        seconds: Double, most: Int, mostBytes: Int, now: @escaping @Sendable () -> Instant = { ContinuousClock.now }
    ) {
        self.seconds = seconds
        self.most = most
        self.mostBytes = mostBytes
        self.now = now
    }

    /// How many there are.
    var count: Int { state.withLock { $0.conversations.count } }

    /// What a run goes on with.
    ///
    /// - Parameter messages: as the client sent them. New instructions of its own take the place of those before.
    func continued(by messages: [ChatMessage], of user: String) -> [ChatMessage] {
        guard Self.isOneNewMessage(messages) else { return messages }
        let time = now()
        let known = state.withLock { state -> [ChatMessage] in
            guard let conversation = state.conversations[user], !isOver(conversation, time) else { return [] }
            return conversation.messages
        }
        let instructions = messages.filter(\.isInstruction)
        return (instructions.isEmpty ? known.filter(\.isInstruction) : instructions)
            + known.filter { !$0.isInstruction } + messages.filter { !$0.isInstruction }
    }

    /// Keeps a conversation in place of the one before.
    func keep(_ messages: [ChatMessage], of user: String) {
        let time = now()
        let bytes = messages.reduce(0) { $0 + $1.byteCount }
        state.withLock { state in
            _ = state.remove(user)
            for (other, conversation) in state.conversations where isOver(conversation, time) {
                _ = state.remove(other)
            }
            guard bytes <= mostBytes, most > 0 else { return }
            while state.conversations.count >= most || state.bytes + bytes > mostBytes,
                let oldest = state.conversations.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                _ = state.remove(oldest.key)
            }
            state.conversations[user] = Conversation(messages: messages, bytes: bytes, lastUse: time)
            state.bytes += bytes
        }
    }

    /// Forgets a user's conversation.
    ///
    /// - Returns: whether there was one.
    func end(_ user: String) -> Bool {
        let time = now()
        return state.withLock { $0.remove(user) }.map { !isOver($0, time) } ?? false
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
    /// Whether it is of whoever runs the client, and not part of what is said.
    var isInstruction: Bool { role == .system || role == .developer }

    /// What it takes to keep it, about.
    fileprivate var byteCount: Int {
        let calls = toolCalls.reduce(0) { $0 + $1.arguments.utf8.count + $1.name.utf8.count + $1.id.utf8.count }
        return content.reduce(calls + 64) { sum, part in
            switch part {
            case .text(let text), .imageURL(let text): sum + text.utf8.count + 16
            }
        }
    }
}
