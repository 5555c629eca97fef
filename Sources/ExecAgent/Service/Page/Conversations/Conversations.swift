import JSON
import OpenAI

/// The conversations of all users of the page.
actor Conversations {
    /// Maximum number of conversations of one user. A further one replaces the one unused for longest.
    static let maxPerUser = 500
    /// Maximum number of turns in a conversation.
    static let maxTurns = 1000
    /// Maximum size of what is never dropped from a conversation, in bytes. In its file it may take six times as much,
    /// which still has to be read.
    static let maxSaidBytes = 8 << 20
    /// Maximum length of a title in bytes.
    private static let maxTitle = 400
    /// Maximum number of users whose lists are kept in memory.
    private static let maxLists = 200

    private let storage: any ConversationStorage
    private let log: @Sendable (String) -> Void
    private var lists: [String: [String: PageConversation.Summary]] = [:]
    /// The run of each conversation of which a turn runs in this program.
    private var running: [String: String] = [:]
    /// Titles that are stored when the turn ends.
    private var newTitles: [String: String] = [:]

    init(_ storage: sending any ConversationStorage, log: @escaping @Sendable (String) -> Void) {
        self.storage = storage
        self.log = log
    }

    // MARK: - Lists

    /// Returns a user's conversations, the newest first.
    func all(of user: String) -> [PageConversation.Summary] {
        list(of: user).values.sorted { ($1.updated, $1.id) < ($0.updated, $0.id) }
    }

    /// Returns a conversation; `nil` if the user has no conversation with this id.
    func conversation(_ id: String, of user: String) -> PageConversation? {
        guard PageConversation.isID(id), var conversation = storage.read(id, of: user) else { return nil }
        if let title = newTitles[id] { conversation.title = title }
        guard let last = conversation.turns.indices.last, conversation.turns[last].state == .running,
            running[id] == nil
        else { return conversation }
        // The program was killed during this turn.
        conversation.turns[last].end(
            .failed, PageTurn.Failure(message: "The service ended during this run.", code: "service_ended"))
        conversation.turns[last].messages = InterruptedRun.messages(
            of: conversation.turns[last].events, note: "[This run ended early: the service was restarted.]")
        store(conversation, of: user)
        return conversation
    }

    /// Changes a conversation's title.
    ///
    /// - Returns: what a list shows of it now; `nil` if the user has no conversation with this id.
    func rename(
        _ id: String, of user: String, to title: String
    ) throws(APIRequestError) -> PageConversation.Summary? {
        guard var conversation = conversation(id, of: user) else { return nil }
        let title = String(title.split(whereSeparator: \.isNewline).joined(separator: " "))
        guard !title.allSatisfy(\.isWhitespace), title.utf8.count <= Self.maxTitle else {
            throw APIRequestError(
                400, "'title' must be a text of 1 to \(Self.maxTitle) bytes.", param: "title", code: "invalid_title")
        }
        conversation.title = title
        if running[id] != nil {
            // A running turn's events are appended to the file, which is not replaced until it ends.
            newTitles[id] = title
            lists[user]?[id]?.title = title
        } else {
            try write(conversation, of: user)
        }
        return conversation.summary
    }

    /// Removes a conversation.
    ///
    /// - Returns: whether the user had it.
    func remove(_ id: String, of user: String) -> Bool {
        guard PageConversation.isID(id), list(of: user)[id] != nil else { return false }
        storage.remove(id, of: user)
        lists[user]?[id] = nil
        running[id] = nil
        newTitles[id] = nil
        return true
    }

    // MARK: - Turns

    /// Where a run starts.
    struct Start: Sendable {
        let turn: PageTurn
        /// The turns before it, for the model.
        let history: [ChatMessage]
    }

    /// Adds a turn that starts to run.
    ///
    /// - Parameters:
    ///   - id: the conversation; one that does not exist yet if `isNew`.
    ///   - replaced: the turn from which on all turns are dropped first; `nil` to drop none.
    ///   - makeTurn: makes the turn with this index.
    /// - Throws: ``APIRequestError``.
    func begin(
        _ id: String, isNew: Bool, of user: String, replacing replaced: Int?, makeTurn: @Sendable (Int) -> PageTurn
    ) throws(APIRequestError) -> Start {
        var conversation: PageConversation
        let now = PageTime.now()
        if isNew {
            conversation = PageConversation(id: id, title: "", created: now, updated: now)
        } else {
            guard let known = self.conversation(id, of: user) else { throw .noConversation }
            guard running[id] == nil else { throw .conversationIsBusy }
            conversation = known
        }
        if let replaced {
            guard conversation.turns.indices.contains(replaced) else {
                throw APIRequestError(
                    400, "'replace_turn' must be the index of a turn.", param: "replace_turn", code: "invalid_turn")
            }
            conversation.turns.removeSubrange(replaced...)
        }
        guard conversation.turns.count < Self.maxTurns else {
            throw APIRequestError(
                400, "The conversation has \(Self.maxTurns) turns: start a new one.", code: "conversation_too_long")
        }
        let turn = makeTurn(conversation.turns.count)
        guard conversation.turns.reduce(turn.saidBytes, { $0 + $1.saidBytes }) <= Self.maxSaidBytes else {
            throw APIRequestError(
                400, "The conversation has more than \(Self.maxSaidBytes >> 20) MiB of text: start a new one.",
                code: "conversation_too_long")
        }
        let history = conversation.messages
        if conversation.title.isEmpty {
            conversation.title = PageConversation.title(
                of: turn.text.isEmpty ? turn.attachments.first?.name ?? "" : turn.text)
        }
        conversation.turns.append(turn)
        conversation.updated = now
        if isNew { makeRoom(for: user) }
        let isAdded = !isNew && replaced == nil
        try write(conversation, of: user, isStart: isAdded)
        running[id] = turn.runID
        return Start(turn: turn, history: history)
    }

    /// Notes an event of a run, in case the program is killed before it ends. Does nothing once it has ended.
    func note(_ event: JSONObject, of run: String, in id: String, of user: String) {
        guard running[id] == run else { return }
        storage.append(event, to: id, of: user)
    }

    /// Stores the turn that has ended. Does nothing if the conversation was removed meanwhile.
    func end(_ turn: PageTurn, in id: String, of user: String) {
        guard running.removeValue(forKey: id) != nil else { return }
        guard var conversation = storage.read(id, of: user), conversation.turns.last?.runID == turn.runID else {
            return log("the end of the run \(turn.runID) is lost: its conversation cannot be read any more")
        }
        conversation.turns[conversation.turns.count - 1] = turn
        if let title = newTitles.removeValue(forKey: id) { conversation.title = title }
        conversation.updated = PageTime.now()
        store(conversation, of: user)
    }

    // MARK: - Storage

    private func list(of user: String) -> [String: PageConversation.Summary] {
        if let list = lists[user] { return list }
        if lists.count >= Self.maxLists { lists = [:] }
        let list = Dictionary(storage.summaries(of: user).map { ($0.id, $0) }) { first, _ in first }
        lists[user] = list
        return list
    }

    private func makeRoom(for user: String) {
        let list = list(of: user)
        guard list.count >= Self.maxPerUser else { return }
        let rest = list.values.filter { running[$0.id] == nil }.sorted { $0.updated < $1.updated }
        for summary in rest.prefix(list.count - Self.maxPerUser + 1) {
            log("the user \(user) has \(list.count) conversations: the oldest is removed")
            storage.remove(summary.id, of: user)
            lists[user]?[summary.id] = nil
        }
    }

    /// - Parameter isStart: whether only a turn has been added, which starts to run.
    private func write(
        _ conversation: PageConversation, of user: String, isStart: Bool = false
    ) throws(APIRequestError) {
        do throws(ConversationStorageError) {
            _ = list(of: user)
            let removed =
                isStart ? try storage.start(conversation, of: user) : try storage.write(conversation, of: user)
            for key in removed { lists[key.user]?[key.id] = nil }
            lists[user]?[conversation.id] = conversation.summary
        } catch {
            log(error.message)
            throw APIRequestError(
                500, "The conversation cannot be stored: the service's log says why.", type: "server_error",
                code: "storage_failed")
        }
    }

    /// Stores a change that cannot be refused any more; an error is only logged.
    private func store(_ conversation: PageConversation, of user: String) {
        do throws(APIRequestError) { try write(conversation, of: user) } catch { return }
    }
}

extension PageTurn {
    /// Marks the turn as ended.
    mutating func end(_ state: State, _ failure: Failure?) {
        self.state = state
        self.failure = failure
    }
}

extension APIRequestError {
    static let noConversation = APIRequestError(
        404, "There is no conversation with this id.", code: "conversation_not_found")
    static let conversationIsBusy = APIRequestError(
        409, "A run of this conversation is in progress: stop it, or wait for its end.", code: "conversation_busy")
}
