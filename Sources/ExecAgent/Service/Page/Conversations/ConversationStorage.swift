import JSON

/// Where conversations are kept. Used by one task at a time.
protocol ConversationStorage: AnyObject {
    /// Returns the conversations of a user, in any order.
    func summaries(of user: String) -> [PageConversation.Summary]
    /// Returns a conversation; `nil` if the user has no conversation with this id.
    func read(_ id: String, of user: String) -> PageConversation?
    /// Stores a conversation in place of an earlier one with its id.
    ///
    /// - Returns: the conversations that were removed to make room.
    /// - Throws: ``ConversationStorageError``.
    func write(
        _ conversation: PageConversation, of user: String
    ) throws(ConversationStorageError) -> [ConversationKey]
    /// Stores a conversation whose last turn starts to run and has just been added to what is stored.
    ///
    /// - Returns: the conversations that were removed to make room.
    /// - Throws: ``ConversationStorageError``.
    func start(
        _ conversation: PageConversation, of user: String
    ) throws(ConversationStorageError) -> [ConversationKey]
    /// Adds an event to the last turn of a conversation, in case the turn is never written as a whole.
    func append(_ event: JSONObject, to id: String, of user: String)
    /// Removes a conversation.
    func remove(_ id: String, of user: String)
}

/// Whose conversation, and which.
struct ConversationKey: Sendable, Hashable {
    let user: String
    let id: String
}

/// A conversation cannot be stored.
struct ConversationStorageError: Error, Sendable, Equatable {
    /// Why, in one line.
    let message: String
}
