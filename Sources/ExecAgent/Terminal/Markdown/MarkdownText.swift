import Diagnostics

/// Renders Markdown for a terminal as it arrives. Output is never redrawn: a character is shown as soon as later input
/// cannot change its style, a table once it is complete. The result does not depend on how the text is split. Code is
/// left unchanged, so that it can be copied.
struct MarkdownText: Sendable {
    private typealias Scalar = Unicode.Scalar

    private enum Place {
        /// At the start of a line whose kind is still unknown.
        case beginning
        case text
        case code
    }

    private struct Fence {
        let mark: Unicode.Scalar
        let count: Int
        /// Spaces before it, which aren't part of the code.
        let indent: Int
        /// Whether it is in a quote, whose markers aren't part of the code either.
        let isQuoted: Bool
    }

    private let columns: Int
    private var writer = StyledWriter()
    private var inline = InlineText()
    private var place = Place.beginning
    /// Characters of the line that aren't shown yet.
    private var held: [Unicode.Scalar] = []
    private var fence: Fence?
    private var table: MarkdownTable?
    /// What precedes the held characters in this line.
    private var prefix = LinePrefix()
    /// Whether anything was shown. Leading blank lines are dropped.
    private var hasStarted = false
    private var isInList = false
    private var followsBlank = true
    private var followsText = false
    private var followsIndentedCode = false
    /// Whether the previous line is not ended yet, because a span in it may continue.
    private var followsOpen = false

    private struct LinePrefix {
        var shown: [StyledPiece] = []
        var width = 0
        var isQuoted = false
        var isInItem = false
    }

    /// - Parameter columns: the width of the terminal.
    init(columns: Int) {
        self.columns = columns
    }

    /// Processes the next piece of the text.
    ///
    /// - Returns: the output to write.
    mutating func append(_ text: String) -> String {
        for scalar in text.unicodeScalars { append(scalar) }
        writer.write(inline.takeReady())
        return writer.take()
    }

    /// Ends the text.
    ///
    /// - Returns: the output to write.
    mutating func end() -> String {
        if place != .beginning || !held.isEmpty || !prefix.shown.isEmpty { endLine(hasEnd: false) }
        endOpenLine()
        drawTable()
        return writer.take()
    }

    private mutating func append(_ scalar: Scalar) {
        if scalar == "\n" { return endLine(hasEnd: true) }
        switch place {
        case .text: inline.append(scalar)
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
        // Otherwise the line is already complete and shown.
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

    // MARK: Lines by their start

    private mutating func decide(isWhole: Bool, hasEnd: Bool = true) {
        while place == .beginning {
            var context = LineBeginning.Context()
            context.isWhole = isWhole
            context.allowsIndentedCode =
                prefix.shown.isEmpty && !isInList && (followsBlank || followsIndentedCode) && table == nil
            context.isInItem = prefix.isInItem
            context.followsText = followsText
            guard let beginning = LineBeginning.of(held[...], context) else { return }
            if beginning != .row { drawTable() }
            guard begin(beginning, hasEnd) else { return }
        }
    }

    /// - Returns: whether the rest of the line still has to be classified or shown.
    private mutating func begin(_ beginning: LineBeginning, _ hasEnd: Bool) -> Bool {
        if followsOpen, beginning == .text, prefix.shown.isEmpty {
            followsOpen = false
            inline.append("\n")
        }
        endOpenLine()
        let indent = held.prefix { $0 == " " || $0 == "\t" }.count
        let (wasBlank, isFirst) = (followsBlank, prefix.shown.isEmpty)
        defer { hasStarted = hasStarted || beginning != .blank || !isFirst }
        (followsBlank, followsIndentedCode) = (false, false)
        if isFirst, indent == 0, beginning == .text, wasBlank { isInList = false }
        followsText = beginning == .text && isFirst
        switch beginning {
        case .blank:
            writer.write(prefix.shown)
            if hasEnd, hasStarted || !isFirst { writer.endLine() }
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
            // The checkbox replaces the bullet.
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
            addRow()
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

    /// Replaces the first characters of the line by a prefix.
    private mutating func add(_ text: String, replacing count: Int, _ style: Style = []) {
        prefix.shown.append(StyledPiece(text: text, style: style))
        prefix.width += TerminalColumns.width(of: text)
        held.removeFirst(count)
    }

    private mutating func showText(_ style: Style, _ dropped: Int) {
        writer.write(prefix.shown)
        inline.base = style
        for scalar in held.dropFirst(dropped) { inline.append(scalar) }
        (place, held) = (.text, [])
    }

    // MARK: Tables

    private mutating func addRow() {
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

    /// Shows the held characters as code unless they may still be the closing fence.
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

    /// Returns a line of code without the quote's markers; `nil` while that is undecided.
    private static func unquoted(_ held: [Scalar], _ isQuoted: Bool) -> ArraySlice<Scalar>? {
        guard isQuoted else { return held[...] }
        let rest = held.drop { $0 == " " }
        guard let first = rest.first else { return nil }
        guard first == ">" else { return held[...] }
        guard let second = rest.dropFirst().first else { return nil }
        return rest.dropFirst(second == " " ? 2 : 1)
    }

    /// Removes up to `count` columns of leading whitespace.
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
