/// Tracks, incrementally, which constructs of Markdown and HTML are open at the end of a text: code, quotations,
/// elements, comments.
///
/// Deliberately broader than CommonMark: it is used to decide whether something at the end of the text is meant or only
/// shown, and a construct that may be open counts as open.
struct TextContext: Sendable {
    private struct Fence: Sendable {
        let byte: UInt8
        let count: Int
        /// Whether words precede its begin mark, so that its end mark may be within a line as well.
        let isInLine: Bool
        let isInQuote: Bool
    }

    private struct Element: Sendable {
        let name: [UInt8]
        /// Whether its tag stands at the beginning or end of a line. Others end with their paragraph at the latest.
        var isBlock: Bool
    }

    /// Maximum number of bytes of a line to keep.
    static let maxLineBytes = 512
    private static let maxTagBytes = 512
    private static let maxElements = 64
    private static let maxQuotations = 16
    private static let maxEarlier = 8
    /// Elements that need no end tag.
    private static let endless = Set(
        ["br", "hr", "img", "input", "meta", "link", "wbr", "p", "li", "td", "th", "tr", "dt", "dd", "s"]
            .map { Array($0.utf8) })

    /// The end of the current line; all of it unless it is very long.
    private(set) var line: [UInt8] = []
    /// The last line before it that isn't blank.
    private(set) var previous: [UInt8] = []
    /// The last lines of text before the current one, outside code blocks, that aren't blank.
    private(set) var earlier: [[UInt8]] = []
    /// Whether no blank line is between the two.
    private(set) var isAdjacent = false
    /// Whether the last line that isn't blank ends a fenced code block.
    private(set) var isBehindFence = false
    /// Whether a line announces an example, and no other words have followed it.
    private(set) var isExample = false
    private var isLong = false
    private var fence: Fence?
    /// Length of the run of backticks that opened code in this paragraph; 0 if none is open.
    private var span = 0
    private var isSpanAtStart = false
    private var run = 0
    /// The tag read so far, from its second byte on; `nil` outside tags.
    private var tag: [UInt8]?
    private var isTagAtStart = false
    /// What ends the open comment.
    private var commentEnd: [UInt8] = []
    private var elements: [Element] = []
    private var isQuoted = false
    /// The marks that would close the open typographic quotations of this paragraph.
    private var closers: [[UInt8]] = []

    // MARK: - State

    /// Whether code is open.
    var isInCode: Bool { fence != nil || span > 0 || run > 0 && !closesSpan }

    /// Whether inline code is open.
    var isInSpan: Bool { fence == nil && (1..<3).contains(span) && run == 0 }

    /// Whether a comment or a quotation is open.
    var isInQuotation: Bool { !commentEnd.isEmpty || isQuoted || !closers.isEmpty }

    /// Whether an element is open.
    var isInElement: Bool { !elements.isEmpty }

    /// Whether the text contains anything but white space and the marker of a list item.
    var hasWords: Bool { isLong || !previous.isEmpty || !LinePrefix(line[...]).isBlank }

    /// Whether the line is longer than what ``line`` keeps.
    var isLineLong: Bool { isLong }

    private var closesSpan: Bool { run == span }

    // MARK: - Adding text

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { add(byte) }
    }

    mutating func add(_ byte: UInt8) {
        if byte != 0x60, run > 0 { endRun() }
        if byte == 0x0A || byte == 0x0D {
            endLine()
            return
        }
        let isBlank = byte <= 0x20
        if !isBlank, byte != 0x3E, fence?.isInQuote == true, line.allSatisfy({ $0 <= 0x20 }) { fence = nil }
        if isBlank, LinePrefix.isOnlyMarker(line) { endParagraph() }
        if byte == 0x60, commentEnd.isEmpty, line.last != 0x5C || span > 0 { run += 1 }
        let isStart = !hasLineWords
        if fence == nil, span == 0, run == 0 { addInline(byte, isStart) }
        line.append(byte)
        if line.count > 2 * Self.maxLineBytes {
            line.removeFirst(line.count - Self.maxLineBytes)
            isLong = true
        }
    }

    private var hasLineWords: Bool { isLong || line.contains { $0 > 0x20 } }

    private mutating func endRun() {
        defer { run = 0 }
        if let open = fence {
            if open.byte == 0x60, open.isInLine, run == open.count { fence = nil }
            return
        }
        if span == 0 {
            span = run
            isSpanAtStart = LinePrefix(line.dropLast(run)).isBlank
        } else if closesSpan {
            span = 0
        }
    }

    private mutating func endLine() {
        let prefix = LinePrefix(line[...])
        defer {
            if !prefix.isEmpty {
                previous = line
                isAdjacent = true
            }
            line = []
            isLong = false
        }
        if prefix.isEmpty {
            isAdjacent = false
            endParagraph()
            return
        }
        if let open = fence {
            let rest = prefix.content.drop { $0 == open.byte }
            let count = prefix.content.count - rest.count
            isBehindFence = count >= open.count && rest.allSatisfy { $0 <= 0x20 }
            if isBehindFence { fence = nil }
            return
        }
        let tildes = prefix.content.prefix { $0 == 0x7E }.count
        if span >= 3 {
            fence = Fence(byte: 0x60, count: span, isInLine: !isSpanAtStart, isInQuote: prefix.isQuote)
            span = 0
        } else if tildes >= 3 {
            fence = Fence(byte: 0x7E, count: tildes, isInLine: false, isInQuote: prefix.isQuote)
        }
        if tag == nil, line.last == 0x3E, !elements.isEmpty, isStuck(elements[elements.count - 1]) {
            elements[elements.count - 1].isBlock = true
        }
        if fence == nil {
            if earlier.count == Self.maxEarlier { earlier.removeFirst() }
            earlier.append(line)
        }
        // What is shown between the announcement and these words was the example.
        if fence == nil || !isExample {
            isExample = Introduction.announcesExample(prefix.content) || isExample && !isBehindFence
        }
        isBehindFence = false
    }

    /// Whether an element's begin tag is what the line ends with.
    private func isStuck(_ element: Element) -> Bool {
        guard let start = line.lastIndex(of: 0x3C) else { return false }
        return line[(start + 1)...].starts(with: element.name)
            || line[(start + 1)...].elementsEqual(element.name, by: { $0 | 0x20 == $1 })
    }

    private mutating func endParagraph() {
        if span < 3 { span = 0 }
        isQuoted = false
        closers = []
        elements.removeAll { !$0.isBlock }
    }

    // MARK: - Quotations, comments and elements

    private mutating func addInline(_ byte: UInt8, _ isStart: Bool) {
        if !commentEnd.isEmpty {
            if byte == commentEnd.last, (line + [byte]).suffix(commentEnd.count).elementsEqual(commentEnd) {
                commentEnd = []
            }
            return
        }
        if tag != nil {
            addToTag(byte)
            return
        }
        switch byte {
        case 0x3C:
            if line.last != 0x5C {
                tag = []
                isTagAtStart = isStart
            }
        case 0x22: isQuoted.toggle()
        case 0x80...0xBF: addQuote(line.suffix(2) + [byte])
        default: break
        }
    }

    private mutating func addToTag(_ byte: UInt8) {
        guard var open = tag else { return }
        if byte == 0x3E {
            tag = nil
            endTag(open)
            return
        }
        // `Array<Element>` isn't a tag.
        if open.isEmpty, byte != 0x2F, let word = line.dropLast().last,
            word == 0x5F || word & 0x5F &- 0x41 < 26 || word &- 0x30 < 10
        {
            tag = nil
            return
        }
        open.append(byte)
        tag = open
        if open == Array("!--".utf8) {
            commentEnd = Array("-->".utf8)
            tag = nil
        } else if open == Array("![CDATA[".utf8) {
            commentEnd = Array("]]>".utf8)
            tag = nil
        } else if byte == 0x3C || byte == 0x60 || open.count > Self.maxTagBytes || !Self.mayBeTag(open) {
            tag = byte == 0x3C ? [] : nil
        }
    }

    private static func mayBeTag(_ tag: [UInt8]) -> Bool {
        guard let first = tag.first else { return true }
        return first == 0x2F || first == 0x21 || 0x61...0x7A ~= first | 0x20
    }

    private mutating func endTag(_ tag: [UInt8]) {
        let isEnd = tag.first == 0x2F
        let name = tag.drop { $0 == 0x2F }.prefix { Self.isOfName($0) }
            .map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }
        let next = tag.dropFirst((isEnd ? 1 : 0) + name.count).first
        // `<https://…>` and `<name@host>` aren't tags.
        guard !name.isEmpty, next != 0x40, next != 0x3A || tag.count(where: { $0 == 0x2F }) < 2 else { return }
        if isEnd {
            if let place = elements.lastIndex(where: { $0.name == name }) { elements.removeSubrange(place...) }
        } else if tag.last != 0x2F, !Self.endless.contains(name), elements.count < Self.maxElements {
            elements.append(Element(name: name, isBlock: isTagAtStart))
        }
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D, 0x2E, 0x3A, 0x80...: true
        default: false
        }
    }

    private static let quotes: [[UInt8]: [UInt8]] = {
        var quotes: [[UInt8]: [UInt8]] = [:]
        for (open, close) in [("“", "”"), ("„", "“"), ("‹", "›"), ("「", "」"), ("『", "』"), ("《", "》"), ("【", "】")] {
            quotes[Array(open.utf8)] = Array(close.utf8)
        }
        // These open in some languages and close in others.
        quotes[[0xC2, 0xAB]] = [0xC2, 0xBB]
        quotes[[0xC2, 0xBB]] = [0xC2, 0xAB]
        return quotes
    }()

    private mutating func addQuote(_ bytes: some Collection<UInt8>) {
        var character = Array(bytes)
        if character.suffix(2) == [0xC2, 0xAB] || character.suffix(2) == [0xC2, 0xBB] {
            character = Array(character.suffix(2))
        }
        if let place = closers.lastIndex(of: character) {
            closers.removeSubrange(place...)
        } else if let closer = Self.quotes[character], closers.count < Self.maxQuotations {
            closers.append(closer)
        }
    }
}
