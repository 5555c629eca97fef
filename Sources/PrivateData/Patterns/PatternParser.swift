/// Parses the part of regular expressions that can be matched in linear time and read in one way only.
struct PatternParser {
    /// The parsed pattern and its ends.
    struct Result {
        let node: PatternNode
        /// Whether a match must start, or end, where a word does: `\b`.
        let (startsAtWord, endsAtWord): (Bool, Bool)
    }

    private static let (maxLength, maxRepeats, maxDepth, maxSize) = (500, 200, 40, 2000)

    private var rest: Substring
    private var ignoresCase = false
    private var depth = 0

    private init(_ text: Substring) { rest = text }

    static func parse(_ text: String) throws(PatternError) -> Result {
        guard !text.isEmpty else { throw PatternError(reason: "it is empty") }
        guard text.utf8.count <= maxLength else {
            throw PatternError(reason: "it is longer than \(maxLength) bytes")
        }
        var text = text[...]
        let ignoresCase = text.hasPrefix("(?i)")
        if ignoresCase { text = text.dropFirst(4) }
        let startsAtWord = text.hasPrefix(#"\b"#)
        if startsAtWord { text = text.dropFirst(2) }
        let endsAtWord = text.hasSuffix(#"\b"#) && !text.hasSuffix(#"\\b"#)
        if endsAtWord { text = text.dropLast(2) }
        var parser = PatternParser(text)
        parser.ignoresCase = ignoresCase
        let node = try parser.choice()
        guard parser.rest.isEmpty else { throw PatternError(reason: "it has a ) without a (") }
        guard !node.matchesNothing else { throw PatternError(reason: "it matches the empty text") }
        guard node.size <= maxSize else { throw PatternError(reason: "its repetitions make it too large") }
        return Result(node: node, startsAtWord: startsAtWord, endsAtWord: endsAtWord)
    }

    private mutating func accept(_ text: String) -> Bool {
        guard rest.unicodeScalars.starts(with: text.unicodeScalars) else { return false }
        rest.unicodeScalars.removeFirst(text.unicodeScalars.count)
        return true
    }

    private mutating func choice() throws(PatternError) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maxDepth else { throw PatternError(reason: "its groups are nested too deeply") }
        var parts = [try sequence()]
        while accept("|") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .choice(parts)
    }

    private mutating func sequence() throws(PatternError) -> PatternNode {
        var parts: [PatternNode] = []
        while let next = rest.unicodeScalars.first, next != "|", next != ")" {
            parts.append(try repeated(try atom()))
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func repeated(_ atom: PatternNode) throws(PatternError) -> PatternNode {
        let node: PatternNode
        if accept("*") {
            node = .repeated(atom, min: 0, max: nil)
        } else if accept("+") {
            node = .repeated(atom, min: 1, max: nil)
        } else if accept("?") {
            node = .repeated(atom, min: 0, max: 1)
        } else if let bounds = try bounds() {
            node = .repeated(atom, min: bounds.0, max: bounds.1)
        } else {
            return atom
        }
        if accept("?") || accept("+") {
            throw PatternError(reason: "it has a lazy or possessive repetition: the longest match is taken in any case")
        }
        let isRepeatedAgain = rest.first == "*" ? true : try bounds() != nil
        guard !isRepeatedAgain else {
            throw PatternError(reason: "it repeats a repetition: put the inner one into ( )")
        }
        return node
    }

    /// `{2}`, `{2,}`, `{2,4}`; `nil` for a brace that is none of them.
    private mutating func bounds() throws(PatternError) -> (Int, Int?)? {
        guard rest.first == "{", let end = rest.firstIndex(of: "}") else { return nil }
        let inner = rest[rest.index(after: rest.startIndex)..<end]
        let parts = inner.split(separator: ",", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let min = Self.number(parts[0]) else { return nil }
        let max = parts.count == 1 ? min : Self.number(parts[1])
        guard max != nil || parts.count == 2 && parts[1].isEmpty else { return nil }
        guard min <= Self.maxRepeats, max ?? 0 <= Self.maxRepeats, min <= max ?? min else {
            throw PatternError(reason: "{\(inner)} is out of order, or above \(Self.maxRepeats)")
        }
        rest = rest[rest.index(after: end)...]
        return (min, max)
    }

    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy(\.isDigit) else { return nil }
        return text.utf8.count > 6 ? Int.max : Int(text)
    }

    private mutating func atom() throws(PatternError) -> PatternNode {
        if accept("(") {
            guard !accept("?:") else { return try group() }
            guard rest.first != "?" else {
                throw PatternError(reason: "it has a lookaround, a named group or an option within: only ( ) and (?: )")
            }
            return try group()
        }
        if accept("[") { return try set() }
        if accept(".") { return .anyCharacter }
        if accept(#"\"#) { return try escape() }
        let scalar = rest.unicodeScalars.removeFirst()
        if scalar == "^" || scalar == "$" {
            throw PatternError(reason: "it has the anchor \(scalar): values are found anywhere in a text")
        }
        if "*+?".unicodeScalars.contains(scalar) {
            throw PatternError(reason: "it has a \(scalar) with nothing before it to repeat")
        }
        return try literal(scalar)
    }

    private mutating func group() throws(PatternError) -> PatternNode {
        let node = try choice()
        guard accept(")") else { throw PatternError(reason: "it has a ( without a )") }
        return node
    }

    private func literal(_ scalar: Unicode.Scalar) throws(PatternError) -> PatternNode {
        guard scalar != "\n", scalar != "\r" else { throw PatternError(reason: "it has a line end: values have none") }
        let bytes = Array(String(scalar).utf8)
        guard bytes.count > 1 else {
            let set = ByteSet(bytes)
            return .byte(ignoresCase ? set.ignoringCase : set)
        }
        return .sequence(bytes.map { .byte(ByteSet([$0])) })
    }

    /// An escape outside of brackets.
    private mutating func escape() throws(PatternError) -> PatternNode {
        guard let scalar = rest.unicodeScalars.popFirst() else { throw PatternError(reason: #"it ends with a \"#) }
        switch scalar {
        case "D": return Self.negated(.digits)
        case "W": return Self.negated(.word)
        case "S":
            var set = ByteSet.spaces
            set.formUnion(.lineEnds)
            return Self.negated(set)
        case "b":
            throw PatternError(reason: #"it has a \b that is not at its beginning or end"#)
        case "1"..."9": throw PatternError(reason: "it refers back to a group, which takes more than linear time")
        default:
            if let set = Self.namedSet(scalar) { return .byte(set) }
            guard !Self.isReserved(scalar) else {
                throw PatternError(reason: "it has \\\(scalar), which has no meaning here")
            }
            return try literal(scalar == "t" ? "\t" : scalar)
        }
    }

    private static func namedSet(_ scalar: Unicode.Scalar) -> ByteSet? {
        switch scalar {
        case "d": .digits
        case "w": .word
        case "s": .spaces
        default: nil
        }
    }

    /// Letters and digits after a backslash mean something in other dialects.
    private static func isReserved(_ scalar: Unicode.Scalar) -> Bool {
        scalar != "t" && scalar.isASCII && UInt8(ascii: scalar).isAlphanumeric
    }

    private static func negated(_ set: ByteSet) -> PatternNode {
        .choice([.byte(ByteSet.ascii.subtracting(set).subtracting(.lineEnds))] + PatternNode.multibyteCharacters)
    }

    /// The rest of a set in brackets.
    private mutating func set() throws(PatternError) -> PatternNode {
        let isNegated = accept("^")
        var set = ByteSet()
        var isFirst = true
        while isFirst || !accept("]") {
            let isBracket = isFirst && rest.first == "]"
            isFirst = false
            guard let scalar = rest.unicodeScalars.popFirst() else {
                throw PatternError(reason: "it has a [ without a ]")
            }
            if scalar == "\\", let name = rest.unicodeScalars.first, let named = Self.namedSet(name) {
                rest.unicodeScalars.removeFirst()
                set.formUnion(named)
                continue
            }
            let first = try setMember(scalar, isBracket)
            guard rest.first == "-", rest.dropFirst().first != "]" else {
                set.insert(first)
                continue
            }
            rest.removeFirst()
            guard let end = rest.unicodeScalars.popFirst() else { throw PatternError(reason: "it has a [ without a ]") }
            let last = try setMember(end, true)
            guard first <= last else { throw PatternError(reason: "it has a range that ends before it starts") }
            set.formUnion(ByteSet(first...last))
        }
        if ignoresCase { set = set.ignoringCase }
        set = set.subtracting(.lineEnds)
        return isNegated ? Self.negated(set) : .byte(set)
    }

    private mutating func setMember(_ scalar: Unicode.Scalar, _ isBracket: Bool) throws(PatternError) -> UInt8 {
        var scalar = scalar
        if scalar == "\\" {
            guard let escaped = rest.unicodeScalars.popFirst(), !Self.isReserved(escaped) else {
                throw PatternError(reason: "it has an escape in [ ] that has no meaning there")
            }
            scalar = escaped == "t" ? "\t" : escaped
        } else if scalar == "[", !isBracket {
            throw PatternError(reason: #"it has a [ within [ ]: write \["#)
        }
        guard scalar.isASCII else {
            throw PatternError(reason: "it has a character beyond ASCII in [ ]: write (?:a|ä) instead")
        }
        return UInt8(ascii: scalar)
    }
}
