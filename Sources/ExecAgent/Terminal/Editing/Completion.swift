import Diagnostics

/// What Tab makes of the beginning of a word.
struct Completion: Sendable, Equatable {
    /// Most candidates that are listed.
    private static let listLimit = 50

    /// How many characters before the cursor are replaced.
    var replaced = 0
    /// All that they may become.
    var candidates: [String] = []

    /// What all candidates have in common; `nil` where that is no more than what is there.
    var insertion: String? {
        guard var common = candidates.first.map(Array.init) else { return nil }
        for candidate in candidates.dropFirst() {
            common = zip(common, candidate).prefix { $0 == $1 }.map(\.0)
        }
        return common.count > replaced || candidates.count == 1 ? String(common) : nil
    }

    /// The candidates for the person in front.
    var list: String {
        let rest = candidates.count - Self.listLimit
        return candidates.prefix(Self.listLimit).joined(separator: "  ") + (rest > 0 ? "  … and \(rest) more" : "")
    }

    init() {}

    /// Completes the command that a line begins with; `nil` where it begins with none.
    init?(command text: String, of commands: [String]) {
        guard text.hasPrefix("/"), !text.contains(where: \.isWhitespace) else { return nil }
        replaced = text.count
        candidates = commands.filter { $0.hasPrefix(text) }
        // A path may be meant.
        if candidates.isEmpty { return nil }
    }

    /// Completes the last word of a text to one of the names. Names with what cannot be shown are none.
    init(lastWordOf text: String, to names: [String]) {
        let word = text.reversed().prefix { !$0.isWhitespace && !"\"'`@(".contains($0) }.reversed()
        let start = String(word)
        replaced = start.count
        candidates = names.filter { $0.hasPrefix(start) && $0 == $0.singleLine(limit: 255) }.sorted()
    }
}
