/// Incremental parser for inline Markdown: emphasis, code, links. Accepts one character at a time and returns whatever
/// later input can no longer change, so that text is shown while it arrives. Delimiters without an effect become text.
struct InlineText: Sendable {
    private typealias Scalar = Unicode.Scalar
    private typealias Token = InlineToken

    /// The construct that the next character may continue.
    private enum Mode {
        case text
        case escape
        case marks(Unicode.Scalar, Int)
        case ticks(Int)
        case code(ticks: Int, content: [Unicode.Scalar], run: Int)
        case exclamation
        case bracketEnd
        case destination(LinkDestination)
        case angle([Unicode.Scalar])
        case entity([Unicode.Scalar])
        case address(BareAddress)
    }

    /// Maximum length of a span in characters; longer ones are shown literally.
    private static let limit = 1000

    /// The style of the whole text.
    var base: Style = []

    private var mode = Mode.text
    private var held: [Token] = []
    private var heldSize = 0
    private var openCount = 0
    private var previous: Unicode.Scalar?
    /// The character before the current delimiter run.
    private var beforeMarks: Unicode.Scalar?
    private var addressBeginning = BareAddress.Beginning()
    private var styles: [Style] = []
    private var ready: [StyledPiece] = []

    init() {}

    /// Parses a whole line.
    static func pieces(of line: String, base: Style = []) -> [StyledPiece] {
        var inline = InlineText()
        inline.base = base
        for scalar in line.unicodeScalars { inline.append(scalar) }
        return inline.endLine()
    }

    /// Removes and returns the pieces that are final.
    mutating func takeReady() -> [StyledPiece] {
        defer { ready = [] }
        return ready
    }

    /// Processes the next character, which isn't a line end.
    mutating func append(_ scalar: Unicode.Scalar) {
        advance(with: scalar)
        while heldSize > Self.limit, openCount > 0 { giveUpFirst() }
    }

    /// Ends a line of a text that may continue on the next line.
    ///
    /// - Returns: whether an open span may end there.
    mutating func isOpenAtLineEnd() -> Bool {
        switch mode {
        case .ticks: return true
        case .code(let ticks, _, let run) where run != ticks: return true
        default: finish()
        }
        // What turns out not to be a span may contain the start of another one.
        return openCount > 0 || !isInText
    }

    /// Ends the line.
    ///
    /// - Returns: the remaining pieces.
    mutating func endLine() -> [StyledPiece] {
        // What turns out not to be a span may contain delimiters of its own.
        while !isInText { finish() }
        while openCount > 0 { giveUpFirst() }
        flush()
        (base, previous, beforeMarks, styles) = ([], nil, nil, [])
        return takeReady()
    }

    private var isInText: Bool {
        if case .text = mode { true } else { false }
    }

    // MARK: Characters

    private mutating func advance(with scalar: Scalar) {
        defer { previous = scalar }
        switch mode {
        case .text: begin(with: scalar)
        case .escape:
            mode = .text
            if Letters.isMark(scalar) { return add(String(scalar)) }
            add("\\")
            begin(with: scalar)
        case .marks(let mark, let count):
            if scalar == mark {
                mode = .marks(mark, count + 1)
            } else {
                mode = .text
                span(mark, count, next: scalar)
                begin(with: scalar)
            }
        case .ticks(let count):
            mode = scalar == "`" ? .ticks(count + 1) : .code(ticks: count, content: [scalar], run: 0)
        case .code(let ticks, let content, let run): continueCode(ticks, content, run, scalar)
        case .exclamation:
            mode = .text
            if scalar == "[" { return open(.bracket(isPicture: true)) }
            add("!")
            begin(with: scalar)
        case .bracketEnd:
            if scalar == "(" {
                mode = .destination(LinkDestination())
            } else {
                finish()
                begin(with: scalar)
            }
        case .destination(let destination): continueDestination(destination, scalar)
        case .angle(let text): continueAngle(text, scalar)
        case .address(let address): continueAddress(address, scalar)
        case .entity(let text):
            if scalar == ";", let meaning = Letters.entities[Letters.string(text)] {
                mode = .text
                add(meaning)
            } else if text.count < 8, Letters.isInEntity(scalar) {
                mode = .entity(text + [scalar])
            } else {
                finish()
                advance(with: scalar)
            }
        }
    }

    private mutating func begin(with scalar: Scalar) {
        let beginsAddress = addressBeginning.append(scalar)
        switch scalar {
        case "\\": mode = .escape
        case "`": mode = .ticks(1)
        case "*", "_", "~": (mode, beforeMarks) = (.marks(scalar, 1), previous)
        case "!": mode = .exclamation
        case "[": open(.bracket(isPicture: false))
        case "]": if lastBracket != nil { mode = .bracketEnd } else { add("]") }
        case "<": mode = .angle([])
        case "&": mode = .entity([])
        default:
            add(String(scalar))
            if beginsAddress { mode = .address(BareAddress()) }
        }
    }

    /// Ends the current construct as if the line ended.
    private mutating func finish() {
        let ended = mode
        mode = .text
        switch ended {
        case .text: break
        case .escape: add("\\")
        case .marks(let mark, let count): span(mark, count, next: nil)
        case .ticks(let count): add(String(repeating: "`", count: count))
        case .code(let ticks, let content, let run):
            if run == ticks { return addCode(content) }
            again(String(repeating: "`", count: ticks), content + Array(repeating: "`", count: run))
        case .exclamation: add("!")
        case .bracketEnd:
            giveUpLastBracket()
            add("]")
        case .destination(let destination):
            giveUpLastBracket()
            again("](", destination.written)
        case .address(let address):
            previous = address.last
            // Delimiters there close spans but never open any.
            for scalar in address.tail {
                if isInText, lastOpener(scalar) == nil { add(String(scalar)) } else { advance(with: scalar) }
                previous = scalar
            }
            finish()
        case .angle(let text): again("<", text)
        case .entity(let text): again("&", text)
        }
    }

    /// Outputs delimiters that started nothing, and parses the text after them again.
    private mutating func again(_ marks: String, _ content: [Scalar]) {
        add(marks)
        previous = marks.unicodeScalars.last
        for scalar in content { advance(with: scalar) }
    }

    // MARK: Code, links and others

    private mutating func continueCode(_ ticks: Int, _ content: [Scalar], _ run: Int, _ scalar: Scalar) {
        if scalar == "`" {
            mode = .code(ticks: ticks, content: content, run: run + 1)
        } else if run == ticks {
            mode = .text
            addCode(content)
            begin(with: scalar)
        } else if content.count > Self.limit {
            finish()
            advance(with: scalar)
        } else {
            // Release the mode's copy first, so that the array isn't copied for each character.
            mode = .text
            var content = content
            if run > 0 { content += Array(repeating: "`", count: run) }
            content.append(scalar)
            mode = .code(ticks: ticks, content: content, run: 0)
        }
    }

    private mutating func addCode(_ content: [Scalar]) {
        var code = content[...]
        // One space on each side separates backticks in the code from the delimiters.
        if code.count > 2, code.first == " ", code.last == " ", code.contains(where: { $0 != " " }) {
            code = code.dropFirst().dropLast()
        }
        push(.on(.code))
        add(Letters.string(code))
        push(.off(.code))
    }

    private mutating func continueDestination(_ destination: LinkDestination, _ scalar: Scalar) {
        var destination = destination
        switch destination.append(scalar) {
        case .goesOn: mode = .destination(destination)
        case .isWhole:
            mode = .text
            addLink(to: Letters.string(destination.address), title: Letters.string(destination.title))
        case .isNone:
            finish()
            advance(with: scalar)
        }
    }

    private mutating func addLink(to address: String, title: String) {
        guard let start = lastBracket else { return add(address) }
        for place in start..<held.count { settle(place) }
        let label = held[(start + 1)...].map(\.literal).joined()
        held[start] = .on(.underlined)
        push(.off(.underlined))
        let isSaid = address == label || address == "mailto:\(label)"
        let shown = [isSaid ? "" : address, title].filter { !$0.isEmpty }.joined(separator: " ")
        if !shown.isEmpty {
            push(.on(.faint))
            add(label.isEmpty ? shown : " (\(shown))")
            push(.off(.faint))
        }
        if openCount == 0 { flush() }
    }

    private mutating func continueAddress(_ address: BareAddress, _ scalar: Scalar) {
        var address = address
        if let known = address.append(scalar, mayClose: { lastOpener($0) != nil }) {
            mode = .address(address)
            add(Letters.string(known))
        } else {
            finish()
            advance(with: scalar)
        }
    }

    private mutating func continueAngle(_ text: [Scalar], _ scalar: Scalar) {
        if scalar == ">" {
            mode = .text
            let content = Letters.string(text)
            guard content.contains("://") || content.contains("@") else { return add("<\(content)>") }
            push(.on(.underlined))
            add(content)
            push(.off(.underlined))
        } else if text.count > 300 || scalar.properties.isWhitespace || scalar == "<" || scalar == "`" {
            finish()
            advance(with: scalar)
        } else {
            mode = .angle(text + [scalar])
        }
    }

    // MARK: Emphasis

    /// Opens or closes spans at a delimiter run, depending on the characters on its two sides.
    private mutating func span(_ mark: Scalar, _ count: Int, next: Scalar?) {
        let before = beforeMarks
        let (blankBefore, blankAfter) = (Letters.isBlank(before), Letters.isBlank(next))
        let (markBefore, markAfter) = (Letters.isPunctuation(before), Letters.isPunctuation(next))
        let isLeft = !blankAfter && (!markAfter || blankBefore || markBefore)
        let isRight = !blankBefore && (!markBefore || blankAfter || markAfter)
        var (canOpen, canClose) = (isLeft, isRight)
        if mark == "_" {
            // Identifiers contain underscores.
            (canOpen, canClose) = (isLeft && (!isRight || markBefore), isRight && (!isLeft || markAfter))
        }
        var rest = count
        if mark == "~", count != 2 { (canOpen, canClose) = (false, false) }
        while canClose, rest > 0, let place = lastOpener(mark), case .opener(_, let opened) = held[place] {
            let width = min(rest, opened) >= 2 ? 2 : 1
            close(place, width, mark == "~" ? .struck : width == 2 ? .bold : .italic)
            rest -= width
        }
        if rest > 0, canOpen {
            open(.opener(mark, rest))
        } else {
            add(String(repeating: Character(mark), count: rest))
        }
        if openCount == 0 { flush() }
    }

    private mutating func close(_ place: Int, _ width: Int, _ style: Style) {
        guard case .opener(let mark, let count) = held[place] else { return }
        for later in (place + 1)..<held.count { settle(later) }
        if count > width {
            held[place] = .opener(mark, count - width)
            held.insert(.on(style), at: place + 1)
        } else {
            held[place] = .on(style)
            openCount -= 1
        }
        held.append(.off(style))
    }

    // MARK: Held tokens

    private func lastOpener(_ mark: Scalar) -> Int? {
        held.lastIndex { if case .opener(mark, _) = $0 { true } else { false } }
    }

    private var lastBracket: Int? {
        guard openCount > 0 else { return nil }
        return held.lastIndex { if case .bracket = $0 { true } else { false } }
    }

    private mutating func add(_ text: String) {
        guard !text.isEmpty else { return }
        push(.text(text))
        heldSize += text.unicodeScalars.count
        if openCount == 0 { flush() }
    }

    private mutating func open(_ token: Token) {
        push(token)
        openCount += 1
        heldSize += token.literal.unicodeScalars.count
    }

    private mutating func push(_ token: Token) {
        if case .text(let more) = token, case .text(let text)? = held.last {
            held[held.count - 1] = .text("")
            held[held.count - 1] = .text(text + more)
        } else {
            held.append(token)
        }
    }

    /// Turns an open token into text.
    private mutating func settle(_ place: Int) {
        guard held[place].isOpen else { return }
        held[place] = .text(held[place].literal)
        openCount -= 1
    }

    private mutating func giveUpLastBracket() {
        if let place = lastBracket { settle(place) }
        if openCount == 0 { flush() }
    }

    /// Turns the first open token into text and outputs everything before the next one.
    private mutating func giveUpFirst() {
        if let first = held.firstIndex(where: \.isOpen) { settle(first) }
        let end = held.firstIndex(where: \.isOpen) ?? held.count
        show(end)
    }

    private mutating func flush() { show(held.count) }

    private mutating func show(_ count: Int) {
        for token in held.prefix(count) {
            switch token {
            case .on(let style): styles.append(style)
            case .off(let style): if let place = styles.lastIndex(of: style) { styles.remove(at: place) }
            default:
                let style = styles.reduce(base) { $0.union($1) }
                if ready.last?.style == style {
                    ready[ready.count - 1].text += token.literal
                } else {
                    ready.append(StyledPiece(text: token.literal, style: style))
                }
                heldSize -= token.literal.unicodeScalars.count
            }
        }
        held.removeFirst(count)
        if held.isEmpty { heldSize = 0 }
    }
}
