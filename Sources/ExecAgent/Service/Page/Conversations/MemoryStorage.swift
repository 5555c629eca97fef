import JSON

/// Keeps conversations until the program ends. Beyond a total size, those unused for longest are forgotten.
final class MemoryStorage: ConversationStorage {
    private let limit: Int
    private let conversationLimit: Int
    private var stored: [ConversationKey: [UInt8]] = [:]
    private var summaries: [ConversationKey: PageConversation.Summary] = [:]
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
        stored[ConversationKey(user: user, id: id)].flatMap { ConversationRecords.content(of: $0)?.conversation }
    }

    @discardableResult
    func write(
        _ conversation: PageConversation, of user: String
    ) throws(ConversationStorageError) -> [ConversationKey] {
        let key = ConversationKey(user: user, id: conversation.id)
        remove(key)
        let content = ConversationRecords.bytes(of: conversation, limit: conversationLimit)
        var removed: [ConversationKey] = []
        while bytes + content.count > limit, let oldest = summaries.min(by: { $0.value.updated < $1.value.updated }) {
            remove(oldest.key)
            removed.append(oldest.key)
        }
        stored[key] = content
        summaries[key] = conversation.summary
        bytes += content.count
        return removed
    }

    @discardableResult
    func start(
        _ conversation: PageConversation, of user: String
    ) throws(ConversationStorageError) -> [ConversationKey] {
        try write(conversation, of: user)
    }

    func append(_ event: JSONObject, to id: String, of user: String) {}

    func remove(_ id: String, of user: String) { remove(ConversationKey(user: user, id: id)) }

    private func remove(_ key: ConversationKey) {
        bytes -= stored.removeValue(forKey: key)?.count ?? 0
        summaries[key] = nil
    }
}
