/// How bash reads each place of a command: which characters of a value that is put there would be more than text.
///
/// Reads quotes, comments, here-documents and nested substitutions. Where that isn't certain, as after something that is
/// never closed, a value must be harmless everywhere.
struct ShellQuoting {
    /// How a place is read.
    enum Context: Equatable {
        case unquoted, single, double
        /// `$'…'`.
        case escaped
        case comment
        /// The text of a here-document whose end is quoted, so that nothing in it is special; and of another one.
        case verbatimDocument, document
        case uncertain

        /// Whether a value is only text here.
        ///
        /// - Parameter followsDollar: whether a `$` is before it, which is that of a variable or command then.
        func isHarmless(_ value: [UInt8], followsDollar: Bool) -> Bool {
            guard !value.contains(where: { $0 == 0x0A || $0 == 0x0D || $0 == 0 }) else { return false }
            if followsDollar, ![.comment, .verbatimDocument, .single, .escaped].contains(self) { return false }
            return switch self {
            case .comment, .verbatimDocument: true
            case .single: !value.contains(UInt8(ascii: "'"))
            case .escaped: !value.contains { "'\\".utf8.contains($0) }
            case .double, .document: !value.contains { "\"$`\\".utf8.contains($0) }
            case .unquoted, .uncertain:
                value.first != UInt8(ascii: "-") && value.first != UInt8(ascii: "~")
                    && value.allSatisfy { $0.isAlphanumeric || $0 >= 0x80 || "@%+:,./_-".utf8.contains($0) }
            }
        }
    }

    /// What was opened and is not closed.
    private enum Frame {
        case double, parenthesis, arithmetic, brace, backtick
        /// `@(…)` and the like, which are patterns where bash is told to read them so.
        case pattern
    }

    private struct Document {
        let end: [UInt8]
        let isVerbatim: Bool
        let stripsTabs: Bool
    }

    private let text: ScannedText
    private let wanted: [Int]
    private var contexts: [Context] = []
    private var frames: [Frame] = []
    private var documents: [Document] = []
    private var place = 0
    private var isUncertain = false
    /// Whether the place is within backticks. bash looks for their end before it reads quotes and comments, and removes
    /// backslashes first: so how something is read there that has either of them isn't certain.
    private var isInBackticks = false
    /// How many `[` of subscripts and of `$[` are open.
    private var subscripts = 0

    /// Returns the context of each of some places, which are in order.
    static func contexts(of places: [Int], in text: ScannedText) -> [Context] {
        var shell = ShellQuoting(text: text, wanted: places)
        shell.read()
        guard shell.frames.isEmpty, shell.documents.isEmpty, !shell.isUncertain, shell.contexts.count == places.count
        else { return places.map { _ in .uncertain } }
        return shell.contexts
    }

    /// Whether a `$` is before a place that no backslash takes its meaning.
    static func isDollar(in text: ScannedText, before place: Int) -> Bool {
        guard text[place - 1] == UInt8(ascii: "$") else { return false }
        var backslashes = 0
        while text[place - 2 - backslashes] == UInt8(ascii: "\\") { backslashes += 1 }
        return backslashes % 2 == 0
    }

    private init(text: ScannedText, wanted: [Int]) {
        self.text = text
        self.wanted = wanted
    }

    /// Moves on by a byte.
    private mutating func advance(_ context: Context) { advance(1, context) }

    /// Moves on by some bytes that are read in one way.
    private mutating func advance(_ count: Int, _ context: Context) {
        let end = min(place + count, text.count)
        while contexts.count < wanted.count, wanted[contexts.count] < end { contexts.append(context) }
        place = end
    }

    private var isQuoted: Bool {
        if case .double? = frames.last { true } else { false }
    }

    /// Whether quotes quote nothing here: in arithmetic, and in `"${x:-…}"`.
    private var ignoresQuotes: Bool {
        for frame in frames.suffix(Self.maxBraces).reversed() {
            switch frame {
            case .brace: continue
            case .double, .arithmetic: return true
            case .parenthesis, .backtick, .pattern: return false
            }
        }
        return frames.count >= Self.maxBraces
    }

    /// How many `${` within each other are looked at.
    private static let maxBraces = 64

    private mutating func read() {
        while place < text.count {
            if isQuoted { readQuoted() } else { readUnquoted() }
        }
    }

    private mutating func readQuoted() {
        switch text[place] {
        case UInt8(ascii: "\\"): backslash(.double)
        case UInt8(ascii: "\""):
            frames.removeLast()
            advance(.unquoted)
        case UInt8(ascii: "`"): backtick()
        case UInt8(ascii: "$") where opensSubstitution: break
        default: advance(.double)
        }
    }

    /// Whether a `$` opens `$(` or `${`, which is then read.
    private var opensSubstitution: Bool {
        mutating get {
            switch text[place + 1] {
            case UInt8(ascii: "("): frames.append(.parenthesis)
            case UInt8(ascii: "{"): frames.append(.brace)
            default: return false
            }
            advance(2, .unquoted)
            return true
        }
    }

    private mutating func backtick() {
        if isInBackticks {
            guard case .backtick? = frames.last else {
                isUncertain = true
                return advance(.uncertain)
            }
            frames.removeLast()
            isInBackticks = false
        } else {
            frames.append(.backtick)
            isInBackticks = true
        }
        advance(.unquoted)
    }

    private mutating func readUnquoted() {
        switch text[place] {
        case UInt8(ascii: "\\"): backslash(.unquoted)
        case UInt8(ascii: "'"): quoted(.single)
        case UInt8(ascii: "\""):
            if case .arithmetic? = frames.last { isUncertain = true }
            frames.append(.double)
            advance(.unquoted)
        case UInt8(ascii: "`"): backtick()
        case UInt8(ascii: "$"):
            if text[place + 1] == UInt8(ascii: "'") {
                advance(.unquoted)
                quoted(.escaped)
            } else if !opensSubstitution {
                advance(.unquoted)
            }
        case UInt8(ascii: "("):
            let before = text[place - 1]
            frames.append(
                before == UInt8(ascii: "(") ? .arithmetic : "@?*+!".utf8.contains(before) ? .pattern : .parenthesis)
            advance(.unquoted)
        case UInt8(ascii: ")"): closeParenthesis()
        case UInt8(ascii: "}"):
            if case .brace? = frames.last { frames.removeLast() }
            advance(.unquoted)
        case UInt8(ascii: "["):
            if text[place - 1].isWordByte || text[place - 1] == UInt8(ascii: "$") { subscripts += 1 }
            advance(.unquoted)
        case UInt8(ascii: "]"):
            subscripts = max(0, subscripts - 1)
            advance(.unquoted)
        case UInt8(ascii: "#") where startsWord: comment()
        case UInt8(ascii: "<") where text[place + 1] == UInt8(ascii: "<"): document()
        case 0x0A:
            advance(.unquoted)
            readDocuments()
        default: advance(.unquoted)
        }
    }

    private mutating func backslash(_ context: Context) {
        if isInBackticks { isUncertain = true }
        advance(2, context)
    }

    private mutating func closeParenthesis() {
        switch frames.last {
        case .parenthesis, .arithmetic, .pattern: frames.removeLast()
        // The pattern of a `case`, which may also stand within a substitution: the rest cannot be told apart.
        default: isUncertain = true
        }
        advance(.unquoted)
    }

    /// Whether a word starts here: `#` within a word doesn't start a comment, nor does it in `${x#y}`.
    private var startsWord: Bool {
        if case .brace? = frames.last { return false }
        return place == 0 || " \t\n;&|()<>`".utf8.contains(text[place - 1])
    }

    private mutating func comment() {
        // There are no comments in arithmetic, subscripts and patterns.
        if subscripts > 0 || frames.contains(where: { $0 == .arithmetic || $0 == .pattern }) { isUncertain = true }
        // After these, it may also be a part of a word: `\ #`, `$(x)#`.
        if ")<>`".utf8.contains(text[place - 1]) || text[place - 2] == UInt8(ascii: "\\") { isUncertain = true }
        while place < text.count, text[place] != 0x0A {
            if isInBackticks, text[place] == UInt8(ascii: "`") { isUncertain = true }
            advance(.comment)
        }
    }

    /// `'…'` or `$'…'`.
    private mutating func quoted(_ context: Context) {
        if ignoresQuotes { isUncertain = true }
        advance(.unquoted)
        while place < text.count, text[place] != UInt8(ascii: "'") {
            if isInBackticks, "`\\".utf8.contains(text[place]) { isUncertain = true }
            advance(context == .escaped && text[place] == UInt8(ascii: "\\") ? 2 : 1, context)
        }
        if place >= text.count { isUncertain = true }
        advance(.unquoted)
    }

    // MARK: - Here-documents

    /// Returns the words that may end a here-document, wherever `<<` stands.
    static func ends(in text: ScannedText) -> Set<[UInt8]> {
        guard text.count > 2 else { return [] }
        var ends: Set<[UInt8]> = []
        var place = 0
        while place < text.count - 1 {
            guard text[place] == UInt8(ascii: "<"), text[place + 1] == UInt8(ascii: "<") else {
                place += 1
                continue
            }
            place += 2
            if text[place] == UInt8(ascii: "-") { place += 1 }
            while text[place] == 0x20 || text[place] == 0x09 { place += 1 }
            var (end, quote): ([UInt8], UInt8) = ([], 0)
            while place < text.count, text[place] != 0x0A,
                quote != 0 || text[place] > 0x20 && !";&|<>()".utf8.contains(text[place])
            {
                let byte = text[place]
                if byte == quote {
                    quote = 0
                } else if quote == 0, byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                    quote = byte
                } else if quote != 0 || byte != UInt8(ascii: "\\") {
                    end.append(byte)
                }
                place += 1
            }
            ends.insert(end)
        }
        return ends
    }

    /// `<<END`, `<<-END`, `<<'END'`; `<<<` is none. Nor is a shift in arithmetic, after which no such end comes.
    private mutating func document() {
        if text[place + 2] == UInt8(ascii: "<") { return advance(3, .unquoted) }
        if isInBackticks { isUncertain = true }
        advance(2, .unquoted)
        let stripsTabs = text[place] == UInt8(ascii: "-")
        if stripsTabs { advance(.unquoted) }
        while text[place] == 0x20 || text[place] == 0x09 { advance(.unquoted) }
        var (end, isVerbatim) = ([UInt8](), false)
        while place < text.count, text[place] > 0x20, !";&|<>()".utf8.contains(text[place]) {
            let byte = text[place]
            if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                isVerbatim = true
                advance(.uncertain)
                while place < text.count, text[place] != byte {
                    if "\\\n$`".utf8.contains(text[place]) { isUncertain = true }
                    end.append(text[place])
                    advance(.uncertain)
                }
            } else if byte == UInt8(ascii: "\\") {
                isVerbatim = true
                advance(.uncertain)
                end.append(text[place])
            } else {
                if "$`".utf8.contains(byte) { isUncertain = true }
                end.append(byte)
            }
            advance(.uncertain)
        }
        documents.append(Document(end: end, isVerbatim: isVerbatim, stripsTabs: stripsTabs))
    }

    private mutating func readDocuments() {
        while let document = documents.first {
            var (next, isEnded) = (place, false)
            while next < text.count, !isEnded {
                let start = next
                while next < text.count, text[next] != 0x0A { next += 1 }
                var line = text.bytes[start..<next]
                if document.stripsTabs { line = line.drop { $0 == 0x09 } }
                isEnded = line.elementsEqual(document.end)
                next = min(next + 1, text.count)
            }
            let body = text.bytes[place..<next]
            if document.isVerbatim {
                advance(body.count, .verbatimDocument)
            } else {
                advance(body.count, Self.hasExpansions(body) ? .uncertain : .document)
                // The next line belongs to the one before, which so can't be the end.
                if Self.joinsLines(body) { isUncertain = true }
            }
            // Without its end, bash takes all that is left, and says so.
            guard isEnded else { return }
            documents.removeFirst()
        }
    }

    /// Whether the text of a here-document may have commands or expressions in it, of which a value would become a part.
    private static func hasExpansions(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        text.contains(UInt8(ascii: "`"))
            || zip(text, text.dropFirst()).contains { $0 == UInt8(ascii: "$") && "({[".utf8.contains($1) }
    }

    /// Whether a line ends in a backslash.
    private static func joinsLines(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        zip(text, text.dropFirst()).contains { $0 == UInt8(ascii: "\\") && $1 == 0x0A }
    }
}
