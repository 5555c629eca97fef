/// A kind of private value that is described by a regular expression.
///
/// The longest match counts, of at most ``maxMatch`` bytes on one line. Any text is searched in a time linear in its
/// length: expressions that can't be are refused.
public struct PrivateDataPattern: Sendable, Equatable {
    /// Maximum length of a match, in bytes.
    public static let maxMatch = 256

    /// The kind of its values.
    public let kind: PrivateDataKind
    /// The expression.
    public let expression: String

    private let automaton: PatternAutomaton
    private let (startsAtWord, endsAtWord): (Bool, Bool)
    /// Whether a match can start with a byte.
    private let starts: [Bool]

    /// Parses `NAME=REGEX`.
    ///
    /// - Throws: ``PatternError`` for a name that isn't one or is taken by a kind that is always known, and for an
    ///   expression outside of what can be matched.
    public init(_ text: String) throws(PatternError) {
        guard let equals = text.firstIndex(of: "=") else { throw PatternError(reason: "it is not NAME=REGEX") }
        let name = String(text[..<equals])
        guard PrivateDataKind.isName(name) else {
            throw PatternError(
                reason: "its name must be lowercase letters, digits and _, at most \(PrivateDataKind.maxNameLength)")
        }
        let kind = PrivateDataKind(name: name)
        guard !PrivateDataKind.builtIn.contains(kind) else {
            throw PatternError(reason: "its name is that of a kind that is always known")
        }
        self.kind = kind
        expression = String(text[text.index(after: equals)...])
        let parsed = try PatternParser.parse(expression)
        let automaton = try PatternAutomaton(parsed.node)
        self.automaton = automaton
        starts = (0...255).map { automaton.canStart(with: UInt8($0)) }
        (startsAtWord, endsAtWord) = (parsed.startsAtWord, parsed.endsAtWord)
    }

    /// Compares names and expressions.
    public static func == (left: PrivateDataPattern, right: PrivateDataPattern) -> Bool {
        left.kind == right.kind && left.expression == right.expression
    }

    /// Returns the matches, which don't overlap.
    func matches(in text: ScannedText) -> [Range<Int>] {
        let bytes = text.bytes
        var matches: [Range<Int>] = []
        var place = 0
        while place < bytes.count {
            guard starts[Int(bytes[place])], !startsAtWord || Self.isWordEdge(text, place),
                let end = automaton.longestMatch(
                    in: bytes, from: place, limit: Self.maxMatch,
                    isEnd: { !endsAtWord || Self.isWordEdge(text, $0) })
            else {
                place += 1
                continue
            }
            matches.append(place..<end)
            place = end
        }
        return matches
    }

    /// Returns where the first match starts that goes on beyond the text's end, if it goes on; `nil` for none.
    func startOfUnfinished(in text: ScannedText) -> Int? {
        let first = max(0, text.count - Self.maxMatch + 1)
        return (first..<max(first, text.count)).first { place in
            starts[Int(text.bytes[place])] && automaton.isAlive(in: text.bytes, from: place)
        }
    }

    private static func isWordEdge(_ text: ScannedText, _ place: Int) -> Bool {
        (text[place - 1].isWordByte && !text.isEscape(before: place)) != text[place].isWordByte
    }
}
