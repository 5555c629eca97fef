/// The words of a command as a shell takes them apart (POSIX, Shell Command Language, 2.2), and no more than that:
/// nothing is expanded, and no shell is run.
struct ShellWords {
    private var rest: Substring.UnicodeScalarView
    private var words: [String] = []
    /// The word under way; `nil` between words. `''` makes an empty one.
    private var word: String.UnicodeScalarView?

    /// - Throws: ``ServerConfigurationError`` for a quote that is not closed, a backslash at the end, or no word at all.
    static func split(_ text: String) throws(ServerConfigurationError) -> [String] {
        var splitter = ShellWords(rest: Substring(text).unicodeScalars)
        return try splitter.split()
    }

    private init(rest: Substring.UnicodeScalarView) {
        self.rest = rest
    }

    private mutating func split() throws(ServerConfigurationError) -> [String] {
        while let next = rest.popFirst() {
            switch next {
            case " ", "\t", "\n", "\r": endWord()
            case "'": try takeSingleQuoted()
            case "\"": try takeDoubleQuoted()
            case "\\":
                guard let escaped = rest.popFirst() else {
                    throw ServerConfigurationError(message: "there is nothing behind the last backslash")
                }
                append(escaped)
            default: append(next)
            }
        }
        endWord()
        guard words.first?.isEmpty == false else { throw ServerConfigurationError(message: "it names no program") }
        return words
    }

    private mutating func takeSingleQuoted() throws(ServerConfigurationError) {
        word = word ?? .init()
        while let next = rest.popFirst() {
            if next == "'" { return }
            append(next)
        }
        throw ServerConfigurationError(message: "a single quote (') is not closed")
    }

    /// Between double quotes a backslash is one unless what follows would mean something there.
    private mutating func takeDoubleQuoted() throws(ServerConfigurationError) {
        word = word ?? .init()
        while let next = rest.popFirst() {
            switch next {
            case "\"": return
            case "\\":
                if let escaped = rest.first, "\"\\$`".unicodeScalars.contains(escaped) {
                    rest.removeFirst()
                    append(escaped)
                } else {
                    append(next)
                }
            default: append(next)
            }
        }
        throw ServerConfigurationError(message: "a double quote (\") is not closed")
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        word = word ?? .init()
        word?.append(scalar)
    }

    private mutating func endWord() {
        if let word { words.append(String(word)) }
        word = nil
    }
}
