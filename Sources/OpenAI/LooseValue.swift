import JSON

/// Parses non-JSON values as models write them in tool calls: Python arguments (`run(command='ls', deep=True)`), and
/// objects with unquoted keys and custom quotation marks (`{command:<|"|>ls<|"|>}`).
struct LooseValue {
    private static let deepest = 32
    /// Delimiters of strings.
    private static let quotes: [(begin: [UInt8], end: [UInt8])] = [
        ("<|\"|>", "<|\"|>"), ("<escape>", "<escape>"), ("\"\"\"", "\"\"\""), ("'''", "'''"), ("\"", "\""), ("'", "'"),
    ].map { (Array($0.utf8), Array($1.utf8)) }
    private static let words: [String: JSON] = [
        "true": true, "false": false, "null": nil, "True": true, "False": false, "None": nil,
    ]

    private let text: ArraySlice<UInt8>
    private var at: Int

    private init(_ text: ArraySlice<UInt8>) {
        self.text = text
        at = text.startIndex
    }

    /// Parses the members between brackets at the start of a text; returns them and the position after them, or `nil`
    /// if it isn't valid.
    static func members(_ text: ArraySlice<UInt8>) -> (object: JSONObject, end: Int)? {
        var reader = LooseValue(text)
        guard let first = text.first, first == 0x28 || first == 0x7B else { return nil }
        guard let object = reader.object(closing: first == 0x28 ? 0x29 : 0x7D, depth: 0) else { return nil }
        return (object, reader.at)
    }

    /// Returns the value of a Python or JSON literal such as `True` or `null`.
    static func word(_ text: Substring) -> JSON? { words[String(text)] }

    private mutating func skipBlanks() {
        while at < text.endIndex, text[at] <= 0x20 { at += 1 }
    }

    private func isNext(_ byte: UInt8) -> Bool { at < text.endIndex && text[at] == byte }

    private mutating func object(closing: UInt8, depth: Int) -> JSONObject? {
        at += 1
        var object = JSONObject()
        while true {
            skipBlanks()
            if isNext(closing) {
                at += 1
                return object
            }
            guard let name = string() ?? nextWord(), !name.isEmpty, object[name] == nil else { return nil }
            skipBlanks()
            guard isNext(0x3A) || isNext(0x3D) else { return nil }
            at += 1
            guard let value = value(depth: depth + 1) else { return nil }
            object[name] = value
            skipBlanks()
            if isNext(0x2C) { at += 1 } else if !isNext(closing) { return nil }
        }
    }

    private mutating func value(depth: Int) -> JSON? {
        skipBlanks()
        guard at < text.endIndex, depth < Self.deepest else { return nil }
        if text[at] == 0x7B { return object(closing: 0x7D, depth: depth).map { .object($0) } }
        if text[at] == 0x5B { return list(depth: depth) }
        if let string = string() { return .string(string) }
        guard let word = nextWord() else { return nil }
        return Self.words[word] ?? (try? JSON.parse(word))
    }

    private mutating func list(depth: Int) -> JSON? {
        at += 1
        var elements: [JSON] = []
        while true {
            skipBlanks()
            if isNext(0x5D) {
                at += 1
                return .array(elements)
            }
            guard let value = value(depth: depth + 1) else { return nil }
            elements.append(value)
            skipBlanks()
            if isNext(0x2C) { at += 1 } else if !isNext(0x5D) { return nil }
        }
    }

    private mutating func nextWord() -> String? {
        let start = at
        while at < text.endIndex, CallBeginning.isOfName(text[at]), text[at] != 0x3A, text[at] != 0x3D { at += 1 }
        return at > start ? String(decoding: text[start..<at], as: UTF8.self) : nil
    }

    private mutating func string() -> String? {
        guard let quote = Self.quotes.first(where: { text[at...].starts(with: $0.begin) }) else { return nil }
        let isEscaping = quote.begin[0] == 0x22 || quote.begin[0] == 0x27
        var result: [UInt8] = []
        at += quote.begin.count
        while at < text.endIndex {
            if text[at...].starts(with: quote.end) {
                at += quote.end.count
                return String(decoding: result, as: UTF8.self)
            }
            if isEscaping, text[at] == 0x5C, at + 1 < text.endIndex {
                switch text[at + 1] {
                case UInt8(ascii: "n"): result.append(0x0A)
                case UInt8(ascii: "t"): result.append(0x09)
                case UInt8(ascii: "r"): result.append(0x0D)
                case 0x0A: break
                case 0x22, 0x27, 0x5C: result.append(text[at + 1])
                default: result += [0x5C, text[at + 1]]
                }
                at += 2
            } else {
                result.append(text[at])
                at += 1
            }
        }
        return nil
    }
}
