/// Tells in the text of an answer, however it is cut into pieces, what is meant for a person from what is not: thoughts
/// between marks (`<think>…</think>`), and tool calls that the model's server left as text.
///
/// Both are looked for at the beginnings of lines outside of code alone: in a sentence they are what it is about.
struct AnswerText: Sendable {
    private enum Place: Sendable {
        /// At the beginning of a line, with what came of it so far.
        case lineStart
        case inLine
        /// In a thought that ends with this mark.
        case thought(end: String)
        /// In what may be tool calls: nothing is told before the end, which shows whether they are.
        case calls
    }

    private static let thoughtMarks = [
        ("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<thought>", "</thought>"),
        ("<reasoning>", "</reasoning>"), ("[THINK]", "[/THINK]"), ("◁think▷", "◁/think▷"),
    ]
    private static let fences = ["```", "~~~"]
    /// What any mark begins with.
    private static let beginnings: Set<Character> = ["<", "[", "{", "`", "~", "◁"]
    /// Bytes of a line's beginning after which it is no mark.
    private static let longestMark = 200

    private let readsCalls: Bool
    private var place = Place.lineStart
    private var held = ""
    private var isInCode = false
    /// Whether anything but white space is shown.
    private var hasWords = false
    /// Whether anything was told.
    private(set) var hasTold = false
    /// What is meant for a person.
    private(set) var shown = ""
    /// All of the text as it came.
    private(set) var raw = ""
    /// All thoughts.
    private(set) var thought = ""

    /// - Parameter readsCalls: whether calls are looked for: where there are tools.
    init(readsCalls: Bool) {
        self.readsCalls = readsCalls
    }

    /// Takes in the next piece.
    ///
    /// - Returns: what is to be told by now.
    mutating func add(_ piece: String) -> String {
        raw += piece
        var told = ""
        var rest = piece[...]
        while !rest.isEmpty {
            switch place {
            case .lineStart: addToStart(rest.removeFirst(), &told)
            case .inLine:
                let end = rest.firstIndex(where: \.isNewline).map { rest.index(after: $0) } ?? rest.endIndex
                if rest[..<end].last?.isNewline == true { place = .lineStart }
                tell(String(rest[..<end]), &told)
                rest = rest[end...]
            case .thought(let end):
                // The mark of the end may be cut: the search begins before what is new.
                let known = held.utf8.count
                held += rest
                rest = ""
                let begin = held.utf8.index(held.startIndex, offsetBy: max(0, known - end.utf8.count))
                guard let found = held[begin...].firstRange(of: end) else { continue }
                thought += held[..<found.lowerBound]
                rest = Substring(held[found.upperBound...])
                held = ""
                place = .lineStart
            case .calls:
                held += rest
                rest = ""
            }
        }
        return told
    }

    /// What is held at the end: to be told, or to be read as calls.
    enum Rest: Equatable {
        case text(String)
        case calls(String)
    }

    /// Takes in the end.
    mutating func finish() -> Rest {
        let rest = held
        held = ""
        switch place {
        case .calls: return .calls(rest)
        case .thought where !hasWords:
            thought += rest
            return .text("")
        case .thought(let end):
            let mark = Self.thoughtMarks.first { $0.1 == end }?.0 ?? ""
            return .text(mark + rest)
        case .lineStart, .inLine: return .text(rest)
        }
    }

    private mutating func addToStart(_ character: Character, _ told: inout String) {
        held.append(character)
        switch meaning(of: held) {
        case .unclear where held.utf8.count <= Self.longestMark: break
        case .unclear, .text:
            let text = held
            held = ""
            if Self.fences.contains(where: { text.drop(while: \.isWhitespace).hasPrefix($0) }) { isInCode.toggle() }
            place = character.isNewline ? .lineStart : .inLine
            tell(text, &told)
        case .thought(let end):
            held = ""
            place = .thought(end: end)
        case .thoughtEnd: endUnmarkedThought()
        case .calls: place = .calls
        }
    }

    private mutating func tell(_ text: String, _ told: inout String) {
        // Behind a thought stand empty lines that belong to it.
        let text = hasWords || thought.isEmpty ? text[...] : text.drop(while: \.isWhitespace)
        hasWords = hasWords || !text.allSatisfy(\.isWhitespace)
        hasTold = hasTold || !text.isEmpty
        shown += text
        told += text
    }

    /// Takes what was shown for a thought: some servers write the mark of its beginning themselves, and only that of its
    /// end comes.
    private mutating func endUnmarkedThought() {
        thought += shown
        shown = ""
        held = ""
        hasWords = false
        place = .lineStart
    }

    private enum Meaning {
        case text, unclear, calls, thoughtEnd
        case thought(end: String)
    }

    private func meaning(of start: String) -> Meaning {
        let text = String(start.drop { $0.isWhitespace })
        guard let first = text.first else { return .unclear }
        guard Self.beginnings.contains(first) else { return .text }
        if isInCode { return Self.fences.contains { $0.hasPrefix(text) && $0 != text } ? .unclear : .text }
        let lower = text.lowercased()
        for (begin, end) in Self.thoughtMarks where lower.hasPrefix(begin.lowercased()) { return .thought(end: end) }
        if thought.isEmpty, hasWords, Self.thoughtMarks.contains(where: { lower.hasPrefix($0.1.lowercased()) }) {
            return .thoughtEnd
        }
        var marks = Self.thoughtMarks.flatMap { [$0.0.lowercased(), $0.1.lowercased()] } + Self.fences
        if readsCalls {
            let packed = lower.filter { !$0.isWhitespace }
            let callMarks = WrittenCalls.marks(atBeginning: !hasWords)
            if callMarks.contains(where: { packed.hasPrefix($0) }) { return .calls }
            if callMarks.contains(where: { $0.hasPrefix(packed) }) { return .unclear }
        }
        marks.removeAll { lower.hasPrefix($0) }
        return marks.contains { $0.hasPrefix(lower) } ? .unclear : .text
    }
}
