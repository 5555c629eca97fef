/// Normalizes tool names between what models write and what endpoints accept.
public enum ToolName {
    /// Maximum length that endpoints accept, in characters.
    public static let maxLength = 64

    /// Prefixes that models and servers write before a name, followed by a separator.
    private static let prefixes = ["functions", "function", "tools", "tool", "default_api"]
    private static let signs: Set<Character> = [".", ":", "_", "/", "-"]
    /// Maximum number of words of a name, and of prefixes and suffixes on each, to examine.
    private static let maxWords = 8

    /// Resolves the tool that a model means. The server may have left its own marks in the name
    /// (`name<|channel|>commentary`, `functions.name:0`, `mcp__server__name`, `mcp_server_name`), or the model may have
    /// added spaces, quotes or brackets, or spelled it differently (`Name`, `na-me`).
    ///
    /// - Parameter known: the available tools.
    /// - Returns: one of `known` if the name matches exactly one, otherwise `name` unchanged.
    public static func meant(by name: String, among known: [String]) -> String {
        if known.contains(name) { return name }
        // Text this long is not a tool name, and scanning it could be slow.
        guard name.utf8.count <= 1024 else { return name }
        var words: [Substring] = []
        var rest = name[...]
        while let start = rest.firstRange(of: "<|") {
            words.append(rest[..<start.lowerBound])
            rest = rest[start.upperBound...].firstRange(of: "|>").map { rest[$0.upperBound...] } ?? ""
        }
        words = (words + [rest]).prefix(maxWords).map { $0 }
        let tools = Set(
            words.flatMap { part in
                tool(part, known).map { [$0] }
                    ?? part.split(whereSeparator: \.isWhitespace).prefix(maxWords).compactMap { tool($0, known) }
            })
        return tools.count == 1 ? tools.first ?? name : name
    }

    private static func tool(_ word: Substring, _ known: [String]) -> String? {
        var word = word.trimmingPrefix { $0.isWhitespace || "\"'`(*".contains($0) }
        while let last = word.last, last.isWhitespace || "\"'`()*:,;".contains(last) { word.removeLast() }
        for _ in 0..<maxWords {
            if let tool = same(word, known) ?? besideServer(word, known) { return tool }
            // The index of the call.
            let digits = word.reversed().prefix { $0.isASCII && $0.isNumber }.count
            if digits > 0, word.dropLast(digits).last == ":" {
                word = word.dropLast(digits + 1)
            } else if let rest = withoutPrefix(word) {
                word = rest
            } else {
                return nil
            }
        }
        return nil
    }

    private static func withoutPrefix(_ word: Substring) -> Substring? {
        let lower = word.lowercased()
        if lower.hasPrefix("to=") { return word.dropFirst(3) }
        for prefix in prefixes where lower.hasPrefix(prefix) {
            let rest = word.dropFirst(prefix.count)
            let name = rest.drop { signs.contains($0) }
            if name.count < rest.count { return name }
        }
        // The server's prefix, as hosts write it.
        guard lower.hasPrefix("mcp__"), let server = word.dropFirst(5).firstRange(of: "__") else { return nil }
        return word[server.upperBound...]
    }

    /// Returns the one tool whose name precedes or follows an MCP server's name, in the ways hosts join the two:
    /// `mcp_server_tool`, `server-mcp_tool`, `tool_mcp_server`.
    private static func besideServer(_ word: Substring, _ known: [String]) -> String? {
        func words(_ text: some StringProtocol) -> [String] {
            text.lowercased().split { signs.contains($0) }.map(String.init)
        }
        let written = words(word)
        guard written.contains("mcp") else { return nil }
        let found = known.filter { tool in
            let name = words(tool)
            // Besides the tool, the name contains a server's name and `mcp`.
            guard !name.isEmpty, written.count >= name.count + 2 else { return false }
            return written.suffix(name.count) == name[...] && written.dropLast(name.count).contains("mcp")
                || written.prefix(name.count) == name[...] && written[name.count] == "mcp"
        }
        return found.count == 1 ? found[0] : nil
    }

    /// Returns the one tool with this name, ignoring case and separators.
    private static func same(_ word: Substring, _ known: [String]) -> String? {
        if let tool = known.first(where: { $0 == word }) { return tool }
        func only(_ form: (Substring) -> String) -> String? {
            let written = form(word)
            guard !written.isEmpty else { return nil }
            let same = known.filter { form($0[...]) == written }
            return same.count == 1 ? same[0] : nil
        }
        return only { $0.lowercased() } ?? only { $0.lowercased().filter { $0.isLetter || $0.isNumber } }
    }

    /// Returns a name that every endpoint accepts: 1 to 64 characters of `[a-zA-Z0-9_-]`.
    public static func acceptable(_ name: String) -> String {
        let fitting = name.unicodeScalars.prefix(maxLength).map { scalar -> Character in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", "-": Character(scalar)
            default: "_"
            }
        }
        return fitting.isEmpty ? "unnamed" : String(fitting)
    }
}
