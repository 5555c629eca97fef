/// Splits a command line into words as a shell does (quoting: POSIX, Shell Command Language, 2.2). Nothing is
/// expanded, and no shell is run.
public struct ShellWords {
    private var rest: Substring.UnicodeScalarView
    private var words: [String] = []
    /// The word in progress; `nil` between words. `''` makes an empty one.
    private var word: String.UnicodeScalarView?

    /// - Throws: ``ServerConfigurationError`` for an unclosed quote, a trailing backslash, or no word at all.
    public static func split(_ text: String) throws(ServerConfigurationError) -> [String] {
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
            case "'": try readSingleQuoted()
            case "\"": try readDoubleQuoted()
            case "\\":
                guard let escaped = rest.popFirst() else {
                    throw ServerConfigurationError(message: "nothing follows the last backslash")
                }
                append(escaped)
            default: append(next)
            }
        }
        endWord()
        guard words.first?.isEmpty == false else { throw ServerConfigurationError(message: "it names no program") }
        return words
    }

    private mutating func readSingleQuoted() throws(ServerConfigurationError) {
        word = word ?? .init()
        while let next = rest.popFirst() {
            if next == "'" { return }
            append(next)
        }
        throw ServerConfigurationError(message: "a single quote (') is not closed")
    }

    /// Within double quotes a backslash is literal unless it precedes a character that is special there.
    private mutating func readDoubleQuoted() throws(ServerConfigurationError) {
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
