import Hashing
import JSON

/// The form of a conversation's file: records of one line each, with a checksum before the JSON text. The first one
/// describes the conversation, the next ones are its turns; events of a running turn are appended to it.
enum ConversationRecords {
    /// What a file contains.
    struct Content: Sendable, Equatable {
        var conversation: PageConversation
        /// Whether records within the file are damaged. One at its end, which was being written when the program was
        /// killed, does not count.
        var isDamaged = false
    }

    private static let format = 1
    private static let sumLength = 16
    /// Maximum length of the first record, in bytes.
    static let maxHead = 8192

    // MARK: - Writing

    /// Serializes a conversation. Beyond `limit` bytes, turns lose what takes the most room, the oldest ones first; the
    /// texts of the user and of the model are kept.
    static func bytes(of conversation: PageConversation, limit: Int) -> [UInt8] {
        var turns = conversation.turns
        for place in turns.indices.dropLast(2) { turns[place].dropPictures() }
        var lines = turns.map { line(["turn": $0.record]) }
        var size = lines.reduce(0) { $0 + $1.count }
        func replace(_ place: Int) {
            let shorter = line(["turn": turns[place].record])
            size += shorter.count - lines[place].count
            lines[place] = shorter
        }
        for place in turns.indices where size > limit {
            turns[place].dropPictures()
            replace(place)
        }
        for place in turns.indices {
            while size > limit, turns[place].state != .running, turns[place].dropDetails() { replace(place) }
        }
        return head(conversation.summary) + lines.joined()
    }

    /// Serializes a turn that is added.
    static func bytes(of turn: PageTurn) -> [UInt8] { line(["turn": turn.record]) }

    /// Serializes an event of the running turn.
    static func bytes(of event: JSONObject) -> [UInt8] { line(["event": .object(event)]) }

    private static func head(_ summary: PageConversation.Summary) -> [UInt8] {
        line([
            "format": .integer(format), "id": .string(summary.id), "title": .string(summary.title),
            "created": .double(summary.created), "updated": .double(summary.updated),
            "turns": .integer(summary.turnCount),
        ])
    }

    private static func line(_ record: JSONObject) -> [UInt8] {
        let text = JSON.object(record).serialized()
        return sum(of: text) + [0x20] + text + [0x0A]
    }

    private static func sum(of text: some Collection<UInt8>) -> [UInt8] {
        Array(SHA256.hexDigest(of: Array(text)).utf8.prefix(sumLength))
    }

    // MARK: - Reading

    /// Reads the first record; `nil` if it isn't valid.
    static func summary(in beginning: [UInt8]) -> PageConversation.Summary? {
        guard let end = beginning.firstIndex(of: 0x0A), let record = record(beginning[..<end]) else { return nil }
        return summary(record)
    }

    /// Reads a file; `nil` if its first record isn't valid.
    static func content(of bytes: [UInt8]) -> Content? {
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        guard let first = lines.first, let summary = record(first).flatMap(summary) else { return nil }
        var content = Content(
            conversation: PageConversation(
                id: summary.id, title: summary.title, created: summary.created, updated: summary.updated))
        var events: [JSONObject] = []
        for (place, line) in lines.enumerated().dropFirst() where !line.isEmpty {
            let record = record(line)
            if let turn = record?["turn"].flatMap(PageTurn.init(record:)),
                turn.index == content.conversation.turns.count
            {
                content.conversation.turns.append(turn)
            } else if let event = record?["event"]?.objectValue {
                events.append(event)
            } else if place < lines.count - 1 {
                content.isDamaged = true
            }
        }
        if let last = content.conversation.turns.indices.last, content.conversation.turns[last].state == .running {
            content.conversation.turns[last].keep(events)
        }
        return content
    }

    private static func summary(_ record: JSON) -> PageConversation.Summary? {
        guard record["format"]?.integerValue == format, let id = record["id"]?.stringValue, PageConversation.isID(id),
            let title = record["title"]?.stringValue, let created = record["created"]?.numberValue,
            let updated = record["updated"]?.numberValue
        else { return nil }
        return PageConversation.Summary(
            id: id, title: title, created: created, updated: updated, turnCount: record["turns"]?.integerValue ?? 0)
    }

    private static func record(_ line: ArraySlice<UInt8>) -> JSON? {
        let text = line.dropFirst(sumLength + 1)
        guard !text.isEmpty, line.dropFirst(sumLength).first == 0x20,
            line.prefix(sumLength).elementsEqual(sum(of: text))
        else { return nil }
        return try? JSON.parse(text)
    }
}
