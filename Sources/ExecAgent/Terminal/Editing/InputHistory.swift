/// The input history with a current position.
struct InputHistory: Sendable {
    /// Limits: the number of entries, and their total size in bytes.
    static let entryLimit = 1000
    static let byteLimit = 1 << 20

    private var entries: [String] = []
    private var size = 0
    /// The current position; equals the number of entries for the new line.
    private var place = 0
    /// Edits to entries during browsing, including the new line.
    private var drafts: [Int: String] = [:]

    /// - Parameter entries: oldest first.
    init(_ entries: [String] = []) {
        for entry in entries { add(entry) }
    }

    /// Adds an entry and returns to the new line.
    ///
    /// - Returns: whether it was added: an entry that starts with whitespace or repeats the last one is not.
    @discardableResult
    mutating func add(_ entry: String) -> Bool {
        defer { (place, drafts) = (entries.count, [:]) }
        let isSecret = entry.first?.isWhitespace ?? true
        guard !isSecret, !entry.allSatisfy(\.isWhitespace), entries.last != entry else { return false }
        entries.append(entry)
        size += entry.utf8.count
        var surplus = 0
        while entries.count - surplus > Self.entryLimit || (size > Self.byteLimit && entries.count - surplus > 1) {
            size -= entries[surplus].utf8.count
            surplus += 1
        }
        entries.removeFirst(surplus)
        return true
    }

    /// Returns to the new line.
    mutating func leave() {
        (place, drafts) = (entries.count, [:])
    }

    /// Returns the entry `step` positions away, with its edits; `nil` if none.
    mutating func step(_ step: Int, leaving text: String) -> String? {
        go(to: place + step, leaving: text)
    }

    mutating func toOldest(leaving text: String) -> String? { go(to: 0, leaving: text) }

    mutating func toNewest(leaving text: String) -> String? { go(to: entries.count, leaving: text) }

    private mutating func go(to goal: Int, leaving text: String) -> String? {
        guard goal != place, (0...entries.count).contains(goal) else { return nil }
        drafts[place] = text
        place = goal
        return drafts[goal] ?? (goal < entries.count ? entries[goal] : "")
    }

    /// Searches for an entry that contains `text`.
    ///
    /// - Parameters:
    ///   - start: the position of the first entry to check; `nil` for the newest.
    ///   - step: -1 for older entries, 1 for newer ones.
    /// - Returns: its position; `nil` if none.
    func find(_ text: String, from start: Int?, step: Int) -> Int? {
        var place = start ?? entries.count - 1
        while entries.indices.contains(place) {
            if entries[place].contains(text) { return place }
            place += step
        }
        return nil
    }

    /// Moves to the entry at a found position.
    mutating func look(at place: Int, leaving text: String) -> String {
        go(to: place, leaving: text) ?? text
    }

    func entry(at place: Int) -> String { entries.indices.contains(place) ? entries[place] : "" }
}
