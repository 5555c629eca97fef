/// A control mark that models and their servers write between parts of a text: `<think>`, `</tool_call>`,
/// `[TOOL_CALLS]`, `<|channel|>`, `<｜tool▁calls▁begin｜>`, `<invoke name="run">`.
///
/// All have the same structure: a word between brackets, optionally with bars, with a slash or a second word for the
/// end, in any case, and with optional spaces, underscores and the like. So one parser reads them all, and a table maps
/// each word to its meaning.
struct Mark: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        /// Thoughts follow.
        case thought
        /// Text meant for the reader follows.
        case answer
        /// Tool calls follow.
        case calls
        /// One call follows; the mark's value is its name, if given.
        case element
        /// An argument follows; the mark's value is its name.
        case parameter
        /// The name of an argument, then its value.
        case key, value
        /// A message part: the speaker, the channel or recipient, and the content.
        case turn, channel, message
        /// The end of such a part.
        case stop
        /// A tool's result follows, which a model can only have invented.
        case result
        /// A separator without further meaning.
        case separator
    }

    let kind: Kind
    /// The word in lower case, without separators.
    let word: String
    let isEnd: Bool
    /// The name it contains, such as a tool's or an argument's.
    let value: String?
    /// Whether it declares its content to be a string; `nil` if it doesn't say.
    let isText: Bool?
    /// Whether it contains bars, which no ordinary tag does.
    let hasBars: Bool
    /// Length in bytes.
    let length: Int
    /// Position after its last byte.
    let end: Int

    /// Whether this is the end mark that matches a begin mark.
    func closes(_ begin: Mark) -> Bool { closes(begin.word) }

    /// Whether this is the end mark that matches a begin mark with this word.
    func closes(_ word: String) -> Bool {
        func base(_ word: String) -> Substring {
            var word = word[...]
            for part in ["beginof", "endof", "begin", "end", "start"] where word.hasPrefix(part) {
                word = word.dropFirst(part.count)
            }
            for part in ["begin", "end", "start", "prefix", "suffix"] where word.hasSuffix(part) {
                word = word.dropLast(part.count)
            }
            return word == "thinking" ? "think" : word
        }
        return isEnd && base(self.word) == base(word)
    }

    /// The result of parsing at a position.
    enum Reading: Sendable, Equatable {
        case none
        /// An incomplete mark: more input is needed.
        case partial
        case mark(Mark)
    }

    /// Maximum length of a mark, in bytes.
    private static let maxBytes = 240

    private static let words: [String: (kind: Kind, isEnd: Bool)] = {
        var words: [String: (kind: Kind, isEnd: Bool)] = [:]
        func add(_ kind: Kind, _ names: [String], isEnd: Bool = false) {
            for name in names { words[name] = (kind, isEnd) }
        }
        for (kind, names) in [
            (Kind.thought, ["think", "thinking", "thought", "thoughts", "reasoning", "scratchpad"]),
            (.answer, ["response", "answer", "solution", "box"]),
            (
                .calls,
                [
                    "toolcall", "toolcalls", "functioncall", "functioncalls", "toolcallssection", "action", "python",
                    "toolrequest",
                ]
            ),
        ] {
            add(kind, names.flatMap { [$0 + "begin", $0 + "start", "begin" + $0, "start" + $0, "beginof" + $0] })
            add(kind, names.flatMap { [$0 + "end", "end" + $0, "endof" + $0] }, isEnd: true)
        }
        add(.thought, ["think", "thinking", "thought", "thoughts", "reasoning", "scratchpad", "innerprefix"])
        add(.thought, ["innersuffix"], isEnd: true)
        add(.answer, ["response", "answer"])
        add(.calls, ["toolcall", "toolcalls", "functioncall", "functioncalls", "tools", "pythontag", "toolsprefix"])
        add(.calls, ["toolssuffix"], isEnd: true)
        add(.calls, ["tooluse", "toolrequest", "toolcode", "toolcall:begin"])
        add(.calls, ["toolcall:end"], isEnd: true)
        add(
            .result,
            [
                "toolresponse", "toolresponses", "toolresult", "toolresults", "functionresult", "functionresults",
                "functionresponse", "tooloutputsbegin", "tooloutputbegin",
            ])
        add(.element, ["function", "invoke", "tool"])
        add(.parameter, ["parameter", "param"])
        add(.key, ["argkey"])
        add(.value, ["argvalue"])
        add(.turn, ["begin", "start", "imstart", "turn", "startofturn", "startheaderid"])
        add(.channel, ["channel"])
        add(.message, ["message", "content", "endheaderid"])
        add(
            .stop,
            [
                "end", "return", "call", "imend", "eotid", "eomid", "endofturn", "endoftext", "endofsentence", "s",
                "eos", "eot", "eod", "inst", "endofturntoken", "endofrole", "endofmessage", "messageend", "roleend",
                "endofassistant", "endofuser", "hyeos", "calls", "beginoftext", "beginofsentence", "startoftext",
            ], isEnd: true)
        // The start of another speaker's message ends the model's own.
        add(.stop, speakers.map { $0 }, isEnd: true)
        add(.separator, ["toolcall:name", "toolcall:args"])
        add(.separator, ["toolsep", "toolcallargumentbegin", "args", "callid", "constrain", "plugin", "interpreter"])
        return words
    }()
    /// Speakers' roles.
    static let speakers: Set<String> = ["user", "assistant", "system", "observation"]
    /// Words that are a mark only with a slash.
    private static let slashed: Set<String> = ["s", "inst"]
    /// Vendor prefixes before a word.
    private static let spaces: Set<String> = ["seed", "minimax", "antml", "steptml", "dsml", "longcat"]
    /// Words that are a mark only with bars, because they are ordinary words otherwise.
    private static let barred: Set<String> = [
        "start", "channel", "message", "end", "return", "call", "constrain", "plugin", "interpreter", "turn", "imstart",
        "imend", "eotid", "eomid", "endoftext", "endofsentence", "startaction", "endaction", "actionstart", "actionend",
        "begin", "content", "calls", "beginoftext", "beginofsentence", "startoftext", "beginofbox", "endofbox",
        "pythontag", "user", "assistant", "system", "observation", "eot", "endofturntoken", "endofrole",
        "endofmessage", "messageend", "roleend", "endofassistant", "endofuser", "hyeos", "startheaderid",
        "endheaderid", "toolcall:begin", "toolcall:end", "toolcall:name", "toolcall:args", "pythonend", "innerprefix",
        "innersuffix", "toolsprefix", "toolssuffix",
    ]
    /// Words that are a mark in square brackets, which commonly enclose other words.
    private static let squared: Set<String> = [
        "think", "thinking", "toolcall", "toolcalls", "args", "callid", "toolrequest", "endtoolrequest", "eos", "inst",
    ]

    private static let brackets: [(open: [UInt8], close: [UInt8])] = [("<", ">"), ("[", "]"), ("◁", "▷")].map {
        (Array($0.utf8), Array($1.utf8))
    }
    private static let wideBar = Array("｜".utf8)
    private static let wideBlank = Array("▁".utf8)

    /// Whether this byte may start a mark.
    static func mayBegin(with byte: UInt8) -> Bool { byte == 0x3C || byte == 0x5B || byte == 0xE2 }

    /// Parses the mark at a position in a text.
    ///
    /// - Parameter isWhole: whether the text is complete, so nothing more follows it.
    static func read(_ text: [UInt8], at start: Int, isWhole: Bool) -> Reading {
        let limit = min(text.count, start + maxBytes)
        guard let pair = brackets.first(where: { text[start..<limit].starts(with: $0.open) }) else {
            let isCut = !isWhole && brackets.contains { $0.open.starts(with: text[start...]) }
            return isCut ? .partial : .none
        }
        var place = start + pair.open.count
        var parts: [Part] = [Part()]
        while place < limit {
            let rest = text[place..<limit]
            if rest.starts(with: pair.close), !parts[parts.count - 1].isQuoted {
                return mark(parts, isSquare: pair.open == [0x5B], start: start, end: place + pair.close.count)
            }
            let byte = text[place]
            if byte == 0x0A || byte == 0x0D { return .none }
            if byte == 0x7C || rest.starts(with: wideBar) {
                parts.append(Part())
                place += byte == 0x7C ? 1 : wideBar.count
            } else if rest.starts(with: wideBlank) {
                place += wideBlank.count
            } else {
                parts[parts.count - 1].add(byte)
                place += 1
            }
            guard couldBecome(parts) else { return .none }
        }
        return isWhole || limit < text.count || limit - start >= maxBytes ? .none : .partial
    }

    /// The content between two bars.
    private struct Part {
        var word: [UInt8] = []
        var hasSlash = false
        /// The text after the word: `=run`, ` name="run"`.
        var rest: [UInt8] = []
        var hasRest = false
        var isQuoted = false
        /// Whether all letters are upper case.
        var isUpper = true
        /// Whether a space follows the word so far, which may still continue.
        private var hasBlank = false

        mutating func add(_ byte: UInt8) {
            if hasRest {
                rest.append(byte)
                if byte == 0x22 { isQuoted.toggle() }
                return
            }
            switch byte {
            case 0x2F: hasSlash = true
            case 0x3D:
                hasRest = true
                // `name=` is an attribute, not part of the word.
                if word.count > 4, hasBlank, word.suffix(4).elementsEqual("name".utf8) { word.removeLast(4) }
            case 0x3A: word = Mark.spaces.contains(String(decoding: word, as: UTF8.self)) ? [] : word + [byte]
            case 0x20, 0x09: hasBlank = hasBlank || !word.isEmpty
            case 0x5F, 0x2D: break
            case 0x41...0x5A: word.append(byte | 0x20)
            default:
                isUpper = false
                word.append(byte)
            }
        }

        var text: String { String(decoding: word, as: UTF8.self) }
    }

    /// All prefixes of known words and vendor prefixes.
    private static let beginnings: Set<String> = {
        var all: Set<String> = [""]
        for word in Array(words.keys) + spaces {
            for count in 1...word.count {
                all.insert(String(word.prefix(count)))
                all.insert("longcat" + word.prefix(count))
            }
        }
        for (word, meaning) in words where takesValue(meaning.kind) {
            for count in 1...4 { all.insert(word + "name".prefix(count)) }
        }
        return all
    }()

    private static func takesValue(_ kind: Kind) -> Bool { [.element, .parameter, .calls].contains(kind) }

    private static func couldBecome(_ parts: [Part]) -> Bool {
        // Earlier parts were checked when they were the last.
        guard parts.count <= 4, let part = parts.last else { return false }
        if part.hasRest, part.rest.count > 1 { return true }
        let word = part.text
        guard beginnings.contains(word) else { return false }
        return !part.hasRest || words[word].map { takesValue($0.kind) } == true
    }

    private static func mark(_ parts: [Part], isSquare: Bool, start: Int, end: Int) -> Reading {
        let said = parts.filter { !$0.word.isEmpty && !spaces.contains($0.text) }
        guard said.count == 1, let part = said.first else { return .none }
        let name = part.text
        let word = words[name] == nil && name.hasPrefix("longcat") ? String(name.dropFirst(7)) : name
        guard let (kind, isEndWord) = words[word] else { return .none }
        let hasBars = parts.count > 1
        guard hasBars || isSquare || !barred.contains(word) else { return .none }
        guard !isSquare || squared.contains(word) && (kind != .thought || part.isUpper) else { return .none }
        // A single bar on one side shows whether the mark opens or closes.
        let isClosing = parts.count == 2 && parts[1].word.isEmpty && !parts[0].hasSlash
        var value: String?
        var isText: Bool?
        if part.hasRest {
            let attributes = Self.attributes(part.rest)
            value = attributes.value
            isText = attributes.isText
        }
        // Without a slash or an attribute, these are ordinary words.
        if slashed.contains(word), !part.hasSlash { return .none }
        if value == nil, word == "tool" || kind == .parameter, !parts.contains(where: \.hasSlash) { return .none }
        return .mark(
            Mark(
                kind: kind, word: word, isEnd: isEndWord || parts.contains { $0.hasSlash } || isClosing,
                value: value, isText: isText, hasBars: hasBars, length: end - start, end: end))
    }

    private static func attributes(_ rest: [UInt8]) -> (value: String, isText: Bool?) {
        let text = String(decoding: rest, as: UTF8.self)
        let start = text.drop { $0 == " " }
        var value = start.prefix { $0 != " " }
        if let quote = start.first, quote == "\"" || quote == "'" {
            value = start.dropFirst().prefix { $0 != quote }
        }
        let others = start[value.endIndex...]
        let isText = others.contains("string=\"true\"") ? true : others.contains("string=\"false\"") ? false : nil
        return (String(value), isText)
    }
}
