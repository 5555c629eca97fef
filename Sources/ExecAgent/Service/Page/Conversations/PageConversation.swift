import JSON
import OpenAI

/// A conversation of the page, with everything that its turns showed.
struct PageConversation: Sendable, Equatable {
    /// What a list shows.
    struct Summary: Sendable, Equatable {
        let id: String
        var title: String
        /// Seconds since 1970.
        let created: Double
        var updated: Double
        var turnCount: Int
    }

    private static let idPrefix = "conversation_"
    private static let titleLength = 60

    let id: String
    var title: String
    /// Seconds since 1970.
    let created: Double
    var updated: Double
    var turns: [PageTurn] = []

    var summary: Summary {
        Summary(id: id, title: title, created: created, updated: updated, turnCount: turns.count)
    }

    /// The messages that the next turn continues.
    var messages: [ChatMessage] { turns.flatMap { [$0.message] + $0.messages } }

    /// Returns an unguessable id.
    static func makeID() -> String { idPrefix + RandomWord.make(24) }

    /// Whether a text can be an id, and so a part of a file's name.
    static func isID(_ text: String) -> Bool {
        text.hasPrefix(idPrefix) && RandomWord.isWord(text.dropFirst(idPrefix.count), length: 24)
    }

    /// Returns an id of a run in a conversation, which says which conversation that is.
    static func makeRunID(in conversation: String) -> String {
        "run_\(conversation.dropFirst(idPrefix.count))_\(RandomWord.make(12))"
    }

    /// Returns the id of the conversation of a run; `nil` if the text isn't the id of a run.
    static func id(ofRun run: String) -> String? {
        let parts = run.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "run", RandomWord.isWord(parts[2], length: 12) else { return nil }
        let id = idPrefix + parts[1]
        return isID(id) ? id : nil
    }

    /// Returns a title made of the first words of a message.
    static func title(of text: String) -> String {
        let words = text.split(whereSeparator: \.isWhitespace).prefix(20)
        var title = ""
        for word in words {
            guard title.count + word.count < titleLength else {
                if title.isEmpty { title = String(word.prefix(titleLength)) }
                return title + "…"
            }
            title += (title.isEmpty ? "" : " ") + word
        }
        return title.isEmpty ? "Conversation" : title
    }
}
