/// Draws Markdown for a terminal while it comes. What was drawn is never drawn again: a letter is shown as soon as
/// nothing that follows can change how it looks, a table once it is whole. However the text is cut, the same is drawn.
/// Code stands there as it is, so that it can be copied.
struct MarkdownText: Sendable {
    private typealias Scalar = Unicode.Scalar

    private enum Place {
        /// At a line's beginning, as long as it is not known what the line is.
        case beginning
        case text
        case code
    }

    private struct Fence {
        let mark: Unicode.Scalar
        let count: Int
        /// Blanks before it, which are no part of the code.
        let indent: Int
        /// Whether it stands in a quote, whose marks are no part of it either.
        let isQuoted: Bool
    }

    private let columns: Int
    private var writer = StyledWriter()
    private var inline = InlineText()
    private var place = Place.beginning
    /// The line's letters that are not shown yet.
    private var held: [Unicode.Scalar] = []
    private var fence: Fence?
    private var table: MarkdownTable?
    /// What stands before the held letters in this line.
    private var prefix = LinePrefix()
    /// Whether anything was shown. Blank lines before it are not.
    private var hasBegun = false
    private var isInList = false
    private var followsBlank = true
    private var followsText = false
    private var followsIndentedCode = false
    /// Whether the line before is not ended, because a span in it may go on.
    private var followsOpen = false

    private struct LinePrefix {
        var shown: [StyledPiece] = []
        var width = 0
        var isQuoted = false
        var isInItem = false
    }

    /// - Parameter columns: of the terminal.
    init(columns: Int) {
        self.columns = columns
    }

    /// Takes the next piece of the text.
    ///
    /// - Returns: what to write.
    mutating func take(_ text: String) -> String {
        for scalar in text.unicodeScalars { take(scalar) }
        writer.write(inline.takeReady())
        return writer.take()
    }

    /// Ends the text.
    ///
    /// - Returns: what to write.
    mutating func end() -> String {
        if place != .beginning || !held.isEmpty || !prefix.shown.isEmpty { endLine(hasEnd: false) }
        endOpenLine()
        drawTable()
        return writer.take()
    }

    private mutating func take(_ scalar: Scalar) {
        if scalar == "\n" { return endLine(hasEnd: true) }
        switch place {
        case .text: inline.take(scalar)
        case .code: writer.write(String(scalar), .code)
        case .beginning:
            held.append(scalar)
            if let fence { lookForEnd(of: fence) } else { decide(isWhole: false) }
        }
    }

    private mutating func endLine(hasEnd: Bool) {
        if place == .beginning {
            if let fence { endFencedLine(fence, hasEnd) } else { decide(isWhole: true, hasEnd: hasEnd) }
        }
        // Else the line is whole and shown.
        guard place != .beginning else { return }
        if place == .text, hasEnd, followsText, inline.isOpenAtLineEnd() {
            followsOpen = true
            return nextLine()
        }
        if place == .text { writer.write(inline.endLine()) }
        if hasEnd { writer.endLine() }
        nextLine()
    }

    private mutating func endOpenLine() {
        guard followsOpen else { return }
        followsOpen = false
        writer.write(inline.endLine())
        writer.endLine()
    }

    private mutating func nextLine() {
        (place, held, prefix) = (.beginning, [], LinePrefix())
    }

    // MARK: Lines by their beginnings

    private mutating func decide(isWhole: Bool, hasEnd: Bool = true) {
        while place == .beginning {
            var context = LineBeginning.Context()
            context.isWhole = isWhole
            context.takesIndentedCode =
                prefix.shown.isEmpty && !isInList && (followsBlank || followsIndentedCode) && table == nil
            context.isInItem = prefix.isInItem
            context.followsText = followsText
            guard let beginning = LineBeginning.of(held[...], context) else { return }
            if beginning != .row { drawTable() }
            guard begin(beginning, hasEnd) else { return }
        }
    }

    /// - Returns: whether there is more to decide of the line, or text to show.
    private mutating func begin(_ beginning: LineBeginning, _ hasEnd: Bool) -> Bool {
        if followsOpen, beginning == .text, prefix.shown.isEmpty {
            followsOpen = false
            inline.take("\n")
        }
        endOpenLine()
        let indent = held.prefix { $0 == " " || $0 == "\t" }.count
        let (wasBlank, isFirst) = (followsBlank, prefix.shown.isEmpty)
        defer { hasBegun = hasBegun || beginning != .blank || !isFirst }
        (followsBlank, followsIndentedCode) = (false, false)
        if isFirst, indent == 0, beginning == .text, wasBlank { isInList = false }
        followsText = beginning == .text && isFirst
        switch beginning {
        case .blank:
            writer.write(prefix.shown)
            if hasEnd, hasBegun || !isFirst { writer.endLine() }
            followsBlank = isFirst
            nextLine()
            return false
        case .text: showText([], 0)
        case .heading(let level, let marks):
            isInList = false
            showText(level == 1 ? [.bold, .underlined] : .bold, indent + marks)
        case .rule:
            let width = max(3, min(columns - 1, 72) - prefix.width)
            writer.write(prefix.shown)
            writer.write(String(repeating: "─", count: width), .faint)
            if hasEnd { writer.endLine() }
            nextLine()
            return false
        case .bullet(let marks): item("• ", indent, marks)
        case .numbered(let marks):
            item(Letters.string(held.dropFirst(indent).prefix(marks)), indent, marks)
        case .task(let isDone, let marks):
            // The box stands in the bullet's place.
            prefix.shown.removeLast()
            prefix.isInItem = false
            add(isDone ? "☑ " : "☐ ", replacing: indent + marks)
        case .quote(let marks):
            add("│ ", replacing: indent + marks, .faint)
            prefix.isQuoted = true
        case .fence(let mark, let count):
            if !prefix.shown.isEmpty, prefix.isInItem {
                writer.write(prefix.shown)
                writer.endLine()
            }
            fence = Fence(mark: mark, count: count, indent: prefix.width + indent, isQuoted: prefix.isQuoted)
            nextLine()
            return false
        case .row:
            takeRow()
            return false
        case .indentedCode:
            followsIndentedCode = true
            writer.write(Letters.string(Self.dropping(4, from: held)), .code)
            (place, held) = (.code, [])
        }
        return true
    }

    private mutating func item(_ mark: String, _ indent: Int, _ marks: Int) {
        isInList = true
        let blanks = Letters.string(held.prefix(indent))
        add(blanks, replacing: 0)
        add(mark, replacing: indent + marks)
        prefix.isInItem = true
    }

    /// Puts something before the rest of the line, in the place of its first letters.
    private mutating func add(_ text: String, replacing count: Int, _ style: Style = []) {
        prefix.shown.append(StyledPiece(text: text, style: style))
        prefix.width += TerminalColumns.width(of: text)
        held.removeFirst(count)
    }

    private mutating func showText(_ style: Style, _ dropped: Int) {
        writer.write(prefix.shown)
        inline.base = style
        for scalar in held.dropFirst(dropped) { inline.take(scalar) }
        (place, held) = (.text, [])
    }

    // MARK: Tables

    private mutating func takeRow() {
        let row = Letters.string(held)
        if table == nil { table = MarkdownTable(prefix: prefix.shown, width: prefix.width) }
        if table?.add(row) == false {
            drawTable()
            table = MarkdownTable(prefix: prefix.shown, width: prefix.width)
            _ = table?.add(row)
        }
        nextLine()
    }

    private mutating func drawTable() {
        guard let table else { return }
        self.table = nil
        table.draw(columns: columns, writer: &writer)
    }

    // MARK: Code

    /// Looks whether the letters that are held may still be the end of the code.
    private mutating func lookForEnd(of fence: Fence) {
        let line = Self.unquoted(held, fence.isQuoted)
        guard let line else { return }
        let rest = line.drop { $0 == " " }
        let marks = rest.prefix { $0 == fence.mark }
        let mayEnd = line.count - rest.count <= fence.indent + 3 && rest.dropFirst(marks.count).allSatisfy { $0 == " " }
        if mayEnd, marks.count >= fence.count || marks.count == rest.count, held.count < 200 { return }
        showCode(line, fence)
    }

    private mutating func showCode(_ line: ArraySlice<Scalar>, _ fence: Fence) {
        writer.write(Letters.string(Self.dropping(fence.indent, from: Array(line))), .code)
        (place, held) = (.code, [])
    }

    private mutating func endFencedLine(_ fence: Fence, _ hasEnd: Bool) {
        let line = Self.unquoted(held, fence.isQuoted) ?? []
        let rest = line.drop { $0 == " " }
        let marks = rest.prefix { $0 == fence.mark }
        if marks.count >= fence.count, rest.dropFirst(marks.count).allSatisfy({ $0 == " " }) {
            self.fence = nil
            nextLine()
        } else {
            showCode(line, fence)
        }
    }

    /// A line of code without the marks of the quote that it is in; `nil` as long as that cannot be known.
    private static func unquoted(_ held: [Scalar], _ isQuoted: Bool) -> ArraySlice<Scalar>? {
        guard isQuoted else { return held[...] }
        let rest = held.drop { $0 == " " }
        guard let first = rest.first else { return nil }
        guard first == ">" else { return held[...] }
        guard let second = rest.dropFirst().first else { return nil }
        return rest.dropFirst(second == " " ? 2 : 1)
    }

    /// The letters without so many columns of blanks at their beginning.
    private static func dropping(_ count: Int, from letters: [Scalar]) -> ArraySlice<Scalar> {
        var rest = letters[...]
        var dropped = 0
        while dropped < count, let first = rest.first, first == " " || first == "\t" {
            dropped += first == "\t" ? 4 : 1
            rest = rest.dropFirst()
        }
        return rest
    }
}
