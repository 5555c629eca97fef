import Diagnostics

/// The Tab completions of a partial word.
struct Completion: Sendable, Equatable {
    /// Maximum number of candidates listed.
    private static let listLimit = 50

    /// Number of characters before the cursor to replace.
    var replaced = 0
    /// The possible replacements.
    var candidates: [String] = []

    /// The common prefix of all candidates; `nil` if it adds nothing to the text.
    var insertion: String? {
        guard var common = candidates.first.map(Array.init) else { return nil }
        for candidate in candidates.dropFirst() {
            common = zip(common, candidate).prefix { $0 == $1 }.map(\.0)
        }
        return common.count > replaced || candidates.count == 1 ? String(common) : nil
    }

    /// The candidates as shown to the user.
    var list: String {
        let rest = candidates.count - Self.listLimit
        return candidates.prefix(Self.listLimit).joined(separator: "  ") + (rest > 0 ? "  … and \(rest) more" : "")
    }

    init() {}

    /// Completes the command at the start of a line; `nil` if none.
    init?(command text: String, of commands: [String]) {
        guard text.hasPrefix("/"), !text.contains(where: \.isWhitespace) else { return nil }
        replaced = text.count
        candidates = commands.filter { $0.hasPrefix(text) }
        // It may be a path.
        if candidates.isEmpty { return nil }
    }

    /// Completes the last word of a text to one of the names. Names with unprintable characters are ignored.
    init(lastWordOf text: String, to names: [String]) {
        let word = text.reversed().prefix { !$0.isWhitespace && !"\"'`@(".contains($0) }.reversed()
        let start = String(word)
        replaced = start.count
        candidates = names.filter { $0.hasPrefix(start) && $0 == $0.singleLine(limit: 255) }.sorted()
    }
}
