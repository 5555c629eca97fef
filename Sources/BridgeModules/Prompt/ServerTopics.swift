/// What a server's tools are about, in a few words of their names.
enum ServerTopics {
    private static let (maxWords, maxLength) = (4, 60)
    /// Words that say how, not what about.
    private static let verbs: Set<String> = [
        "add", "all", "and", "append", "apply", "batch", "bulk", "by", "call", "check", "clear", "close", "count",
        "create", "delete", "describe", "edit", "execute", "fetch", "find", "for", "from", "get", "id", "ids", "info",
        "init", "insert", "is", "list", "load", "lookup", "make", "new", "of", "on", "open", "query", "read", "remove",
        "run", "save", "search", "send", "set", "show", "start", "stop", "the", "to", "tool", "update", "use",
        "validate",
        "verify", "view", "with", "write",
    ]

    /// Returns the most frequent words of the tools' names, most frequent first, as one line of at most 60 characters.
    static func line(of module: ServerModule) -> String {
        let own = Set(SearchWords.words(of: module.server, limit: 20))
        var counts: [String: Int] = [:]
        for function in module.functions {
            for word in Set(SearchWords.words(of: function.name, limit: 20)) where isTopic(word) && !own.contains(word)
            {
                counts[word, default: 0] += 1
            }
        }
        let ranked = counts.sorted { left, right in
            left.value == right.value
                ? left.key.utf8.lexicographicallyPrecedes(right.key.utf8) : left.value > right.value
        }
        var line = ""
        for (word, _) in ranked.prefix(maxWords) where line.utf8.count + word.utf8.count + 2 <= maxLength {
            line += line.isEmpty ? word : ", " + word
        }
        return line
    }

    private static func isTopic(_ word: String) -> Bool {
        (3...20).contains(word.utf8.count) && !verbs.contains(word)
            && word.utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
    }
}
