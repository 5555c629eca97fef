/// What was typed before, and the one of it that is being looked at.
struct InputHistory: Sendable {
    /// How much is remembered: entries, and the bytes of all of them.
    static let entryLimit = 1000
    static let byteLimit = 1 << 20

    private var entries: [String] = []
    private var size = 0
    /// What is looked at; the number of entries for the line that is new.
    private var place = 0
    /// What was changed while it was looked at, the new line among them.
    private var drafts: [Int: String] = [:]

    /// - Parameter entries: the oldest first.
    init(_ entries: [String] = []) {
        for entry in entries { add(entry) }
    }

    /// Remembers an entry and looks at a new line again.
    ///
    /// - Returns: whether it was new: what begins with a blank is not remembered, nor what was the last one already.
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

    /// Looks at a new line again.
    mutating func leave() {
        (place, drafts) = (entries.count, [:])
    }

    /// The entry before or after the one that is looked at, as it was left; `nil` where there is none.
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

    /// Looks for an entry that contains `text`.
    ///
    /// - Parameters:
    ///   - start: the place of the first entry to look at; `nil` for the newest.
    ///   - step: -1 for older ones, 1 for newer ones.
    /// - Returns: its place; `nil` where there is none.
    func find(_ text: String, from start: Int?, step: Int) -> Int? {
        var place = start ?? entries.count - 1
        while entries.indices.contains(place) {
            if entries[place].contains(text) { return place }
            place += step
        }
        return nil
    }

    /// Looks at the entry at a place that was found.
    mutating func look(at place: Int, leaving text: String) -> String {
        go(to: place, leaving: text) ?? text
    }

    func entry(at place: Int) -> String { entries.indices.contains(place) ? entries[place] : "" }
}
