import Diagnostics

/// A line of input, laid out on as many terminal rows as it needs.
struct EditedRows: Sendable, Equatable {
    /// The text of each row.
    var rows: [String]
    /// The row with the cursor, and the text before the cursor on it.
    var cursorRow: Int
    var beforeCursor: String
    /// The terminal width that it was laid out for.
    let columns: Int

    /// Prefix of each further line of the text.
    private static let margin = "… "

    /// Lays out a text.
    ///
    /// - Parameters:
    ///   - columns, height: the size of the terminal. If there are more rows than fit, those around the cursor are
    ///     shown.
    init(prompt: String, line: EditBuffer, columns: Int, height: Int) {
        self.columns = columns
        // The last column stays free: terminals disagree about where the cursor is after it.
        let width = max(columns - 1, 4)
        // A row that is too wide would wrap onto two terminal rows.
        var row = TerminalColumns.cut(prompt, to: width)
        var used = TerminalColumns.width(of: row)
        (rows, cursorRow, beforeCursor) = ([], 0, "")
        for (place, character) in line.characters.enumerated() {
            let isEnd = character == "\n"
            let shown = isEnd ? "" : Self.shown(character)
            let size = TerminalColumns.width(of: shown)
            if !isEnd, used + size > width {
                rows.append(row)
                (row, used) = ("", 0)
            }
            if place == line.cursor { (cursorRow, beforeCursor) = (rows.count, row) }
            row += shown
            used += size
            if isEnd {
                rows.append(row)
                (row, used) = (Self.margin, TerminalColumns.width(of: Self.margin))
            }
        }
        if line.isAtEnd { (cursorRow, beforeCursor) = (rows.count, row) }
        rows.append(row)
        showPart(of: max(height - 1, 1))
    }

    /// The escape sequence that moves the cursor to the start of the rows.
    var beginning: String { "\r" + Self.up(cursorRow) }

    /// Returns the escape sequence that moves the cursor to the start of the rows on a terminal that may have become
    /// narrower and wrapped rows that no longer fit.
    func beginning(columns now: Int) -> String {
        guard now < columns, now > 0 else { return beginning }
        let above = rows.prefix(cursorRow).reduce(0) { $0 + max(1, (TerminalColumns.width(of: $1) + now - 1) / now) }
        return "\r" + Self.up(above + TerminalColumns.width(of: beforeCursor) / now)
    }

    /// The escape sequence that erases the rows.
    var erasing: String { beginning + "\u{1B}[J" }

    /// The output that draws the rows from the start of a row. Each overwrites what is there, to avoid flicker. The
    /// cursor is positioned by writing the text before it once more, because terminals disagree about the width of
    /// some characters.
    var drawing: String {
        let drawn = rows.map { "\($0)\u{1B}[K" }.joined(separator: "\r\n")
        return "\(drawn)\u{1B}[J\r\(Self.up(rows.count - 1 - cursorRow))\(beforeCursor)"
    }

    private static func up(_ count: Int) -> String { count > 0 ? "\u{1B}[\(count)A" : "" }

    /// Returns the rows after editing has ended; if there are many, only the first of them.
    func finished(height: Int) -> EditedRows {
        var finished = self
        let most = height > 2 ? height - 1 : 2
        if rows.count > most {
            finished.rows = rows.prefix(most - 1) + ["… (\(rows.count - most + 1) more lines)"]
        }
        finished.cursorRow = finished.rows.count - 1
        finished.beforeCursor = finished.rows.last ?? ""
        return finished
    }

    private mutating func showPart(of size: Int) {
        guard rows.count > size else { return }
        let start = min(max(0, cursorRow - size / 2), rows.count - size)
        rows = Array(rows[start..<(start + size)])
        cursorRow -= start
    }

    /// Returns a character as it is displayed: on one row and on its own.
    private static func shown(_ character: Character) -> String {
        if character == "\t" { return "    " }
        // A combining mark without a base would merge with the text before it.
        return TerminalColumns.width(of: character) > 0 ? String(character) : "\u{25CC}\(character)"
    }
}
