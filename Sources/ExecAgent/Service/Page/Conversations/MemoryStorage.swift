import JSON

/// Keeps conversations until the program ends. Beyond a total size, those unused for longest are forgotten.
final class MemoryStorage: ConversationStorage {
    private struct Key: Hashable {
        let user: String
        let id: String
    }

    private let limit: Int
    private let conversationLimit: Int
    private var stored: [Key: [UInt8]] = [:]
    private var summaries: [Key: PageConversation.Summary] = [:]
    private var bytes = 0

    /// - Parameters:
    ///   - limit: maximum total size in bytes.
    ///   - conversationLimit: maximum size of one conversation in bytes.
    init(limit: Int = 128 << 20, conversationLimit: Int = 16 << 20) {
        self.limit = limit
        self.conversationLimit = conversationLimit
    }

    func summaries(of user: String) -> [PageConversation.Summary] {
        summaries.filter { $0.key.user == user }.map(\.value)
    }

    func read(_ id: String, of user: String) -> PageConversation? {
        stored[Key(user: user, id: id)].flatMap { ConversationRecords.content(of: $0)?.conversation }
    }

    func write(_ conversation: PageConversation, of user: String) throws(ConversationStorageError) {
        let key = Key(user: user, id: conversation.id)
        remove(key)
        let content = ConversationRecords.bytes(of: conversation, limit: conversationLimit)
        while bytes + content.count > limit, let oldest = summaries.min(by: { $0.value.updated < $1.value.updated }) {
            remove(oldest.key)
        }
        stored[key] = content
        summaries[key] = conversation.summary
        bytes += content.count
    }

    func start(_ conversation: PageConversation, of user: String) throws(ConversationStorageError) {
        try write(conversation, of: user)
    }

    func append(_ event: JSONObject, to id: String, of user: String) {}

    func remove(_ id: String, of user: String) { remove(Key(user: user, id: id)) }

    private func remove(_ key: Key) {
        bytes -= stored.removeValue(forKey: key)?.count ?? 0
        summaries[key] = nil
    }
}
