/// A line of input as it stands on a terminal, on as many rows as it needs.
struct EditedRows: Sendable, Equatable {
    /// What stands on each row.
    var rows: [String]
    /// The row that the cursor is on, and what stands before the cursor there.
    var cursorRow: Int
    var beforeCursor: String
    /// The columns of the terminal that it was laid out for.
    let columns: Int

    /// What stands before each further line of the text.
    private static let margin = "… "

    /// Lays out a text.
    ///
    /// - Parameters:
    ///   - columns, height: of the terminal. Where there are more rows than it has, those around the cursor are shown.
    init(prompt: String, line: EditBuffer, columns: Int, height: Int) {
        self.columns = columns
        // The last column stays free: terminals do not agree on where the cursor is behind it.
        let width = max(columns - 1, 4)
        // A row that is too wide would be two of the terminal's.
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

    /// What moves the cursor to the beginning of the rows.
    var beginning: String { "\r" + Self.up(cursorRow) }

    /// What moves the cursor to the beginning of the rows on a terminal that may have become narrower, and has broken those
    /// that do not fit any more.
    func beginning(columns now: Int) -> String {
        guard now < columns, now > 0 else { return beginning }
        let above = rows.prefix(cursorRow).reduce(0) { $0 + max(1, (TerminalColumns.width(of: $1) + now - 1) / now) }
        return "\r" + Self.up(above + TerminalColumns.width(of: beforeCursor) / now)
    }

    /// What takes the rows off the terminal.
    var erasing: String { beginning + "\u{1B}[J" }

    /// What puts the rows on the terminal from the beginning of a row on. Each is drawn over what stands there, so that
    /// nothing flickers. The cursor goes to its place by writing what is before it once more: terminals differ in how
    /// wide they draw some characters.
    var drawing: String {
        let drawn = rows.map { "\($0)\u{1B}[K" }.joined(separator: "\r\n")
        return "\(drawn)\u{1B}[J\r\(Self.up(rows.count - 1 - cursorRow))\(beforeCursor)"
    }

    private static func up(_ count: Int) -> String { count > 0 ? "\u{1B}[\(count)A" : "" }

    /// The rows once nothing is changed any more, the first of them where there are many.
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

    /// A character as it is shown: on one row, and by itself.
    private static func shown(_ character: Character) -> String {
        if character == "\t" { return "    " }
        // A mark without a letter would join what stands before it.
        return TerminalColumns.width(of: character) > 0 ? String(character) : "\u{25CC}\(character)"
    }
}
