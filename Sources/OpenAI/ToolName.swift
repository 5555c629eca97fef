/// Names of tools as models write them and as endpoints take them.
public enum ToolName {
    /// The longest that endpoints take, in characters.
    public static let longest = 64

    private static let prefixes = [
        "to=", "functions.", "function.", "tools.", "tool.", "default_api.", "default_api:", "functions:",
    ]

    /// The tool that a model means, where its server left signs of its own in the name (`name<|channel|>commentary`,
    /// `functions.name`) or the model wrote blanks, quotes or brackets around it.
    ///
    /// - Parameter known: the tools that there are.
    /// - Returns: one of `known`, or `name` as it is where it means none.
    public static func meant(by name: String, among known: [String]) -> String {
        if known.contains(name) { return name }
        // Nobody means a tool by a text of that length, and it may be very long.
        guard name.utf8.count <= 1024 else { return name }
        var words: [Substring] = []
        var rest = name[...]
        while let start = rest.firstRange(of: "<|") {
            words.append(rest[..<start.lowerBound])
            rest = rest[start.upperBound...].firstRange(of: "|>").map { rest[$0.upperBound...] } ?? ""
        }
        words = (words + [rest]).flatMap { $0.split(whereSeparator: \.isWhitespace) }
        for word in words {
            if let tool = tool(word, known) { return tool }
        }
        return name
    }

    private static func tool(_ word: Substring, _ known: [String]) -> String? {
        var word = word.trimmingPrefix { "\"'`(*".contains($0) }
        while let last = word.last, "\"'`()*:,;".contains(last) { word.removeLast() }
        while let prefix = prefixes.first(where: { word.hasPrefix($0) }) { word = word.dropFirst(prefix.count) }
        if let tool = known.first(where: { $0 == word }) { return tool }
        let same = known.filter { $0.lowercased() == word.lowercased() }
        return same.count == 1 ? same[0] : nil
    }

    /// A name that every endpoint takes: 1 to 64 characters of `[a-zA-Z0-9_-]`.
    public static func acceptable(_ name: String) -> String {
        let fitting = name.unicodeScalars.prefix(longest).map { scalar -> Character in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", "-": Character(scalar)
            default: "_"
            }
        }
        return fitting.isEmpty ? "unnamed" : String(fitting)
    }
}
