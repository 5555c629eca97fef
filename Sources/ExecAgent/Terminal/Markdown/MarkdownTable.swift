import Diagnostics

/// A Markdown table, collected row by row.
struct MarkdownTable: Sendable {
    private enum Alignment { case left, middle, right }

    /// User-perceived characters with their styles.
    private struct Cell: Sendable {
        var letters: [(character: Character, style: Style)] = []

        init(_ text: String, _ base: Style) {
            for piece in InlineText.pieces(of: text, base: base) {
                for character in piece.text { letters.append((character, piece.style)) }
            }
        }

        var width: Int { letters.reduce(0) { $0 + TerminalColumns.width(of: $1.character) } }
    }

    private typealias Line = ArraySlice<(character: Character, style: Style)>

    /// Maximum size of the rows held back, in bytes.
    private static let sizeLimit = 256 << 10
    private static let maxColumns = 100
    private static let narrowest = 4
    private static let border = " │ "

    private let prefix: [StyledPiece]
    private let indent: Int
    private var rows: [String] = []
    private var size = 0

    /// - Parameters:
    ///   - prefix: what precedes each row, such as the marker of a quote.
    ///   - width: the width of the prefix in columns.
    init(prefix: [StyledPiece], width: Int) {
        self.prefix = prefix
        indent = width
    }

    /// Adds the next row.
    ///
    /// - Returns: false if it isn't part of the table: the rows so far are a complete table, or none.
    mutating func add(_ row: String) -> Bool {
        guard rows.count != 1 || Self.alignments(of: row) != nil else { return false }
        guard size < Self.sizeLimit else { return false }
        rows.append(row)
        size += row.utf8.count
        return true
    }

    /// Draws the table, each row on a line.
    func draw(columns: Int, writer: inout StyledWriter) {
        guard rows.count > 1, let alignments = Self.alignments(of: rows[1]) else { return drawPlain(&writer) }
        let texts = [Self.cells(of: rows[0])] + rows.dropFirst(2).map(Self.cells)
        let count = texts.map(\.count).max() ?? 0
        guard count <= Self.maxColumns else { return drawPlain(&writer) }
        let cells = texts.enumerated().map { row, texts in
            (0..<count).map { Cell(texts.indices.contains($0) ? texts[$0] : "", row == 0 ? .bold : []) }
        }
        let natural = (0..<count).map { column in cells.map { $0[column].width }.max() ?? 0 }
        let room = columns - 1 - indent - (count - 1) * Self.border.count
        guard let widths = Self.fit(natural, into: room) else { return drawPlain(&writer) }
        for (number, row) in cells.enumerated() {
            draw(row, widths, alignments, &writer)
            guard number == 0 else { continue }
            writer.write(prefix)
            writer.write(widths.map { String(repeating: "─", count: $0) }.joined(separator: "─┼─"), .faint)
            writer.endLine()
        }
    }

    private func drawPlain(_ writer: inout StyledWriter) {
        for row in rows {
            writer.write(prefix)
            writer.write(InlineText.pieces(of: row))
            writer.endLine()
        }
    }

    private func draw(_ row: [Cell], _ widths: [Int], _ alignments: [Alignment], _ writer: inout StyledWriter) {
        let lines = zip(row, widths).map { Self.wrap($0.letters[...], $1) }
        for number in 0..<(lines.map(\.count).max() ?? 1) {
            writer.write(prefix)
            var column = indent
            for (place, width) in widths.enumerated() {
                let line = lines[place].indices.contains(number) ? lines[place][number] : []
                let isLast = place == widths.count - 1
                let used = line.reduce(0) { $0 + TerminalColumns.width(of: $1.character) }
                let free = max(0, width - used)
                let alignment = alignments.indices.contains(place) ? alignments[place] : .left
                let before = alignment == .right ? free : alignment == .middle ? free / 2 : 0
                writer.write(String(repeating: " ", count: before))
                for letter in line { writer.write(String(letter.character), letter.style) }
                column += width
                guard !isLast else { continue }
                writer.write(String(repeating: " ", count: free - before))
                // Terminals disagree about the width of characters with several scalars.
                if line.contains(where: { $0.character.unicodeScalars.count > 1 }) { writer.move(toColumn: column) }
                writer.write(Self.border, .faint)
                column += Self.border.count
            }
            writer.endLine()
        }
    }

    // MARK: Source rows

    private static func cells(of row: String) -> [String] {
        var cells: [String] = []
        var cell = ""
        var isEscaped = false
        for character in row.trimmed.dropFirst() {
            if isEscaped, character == "|" {
                cell.removeLast()
                cell.append("|")
            } else if character == "|" {
                cells.append(cell)
                cell = ""
            } else {
                cell.append(character)
            }
            isEscaped = character == "\\" && !isEscaped
        }
        // The last bar ends the row.
        if !cell.trimmed.isEmpty { cells.append(cell) }
        return cells.map { text in
            ["<br>", "<br/>", "<br />"].reduce(text.trimmed) { $0.split(separator: $1).joined(separator: " ") }
        }
    }

    /// Returns the alignments in the delimiter row; `nil` if it isn't one.
    private static func alignments(of row: String) -> [Alignment]? {
        let cells = cells(of: row)
        var alignments: [Alignment] = []
        for cell in cells {
            let marks = cell.drop { $0 == ":" }.prefix { $0 == "-" }
            let (left, right) = (cell.hasPrefix(":"), cell.hasSuffix(":"))
            guard !marks.isEmpty, marks.count + (left ? 1 : 0) + (right ? 1 : 0) == cell.count else { return nil }
            alignments.append(left && right ? .middle : right ? .right : .left)
        }
        return alignments.isEmpty ? nil : alignments
    }

    // MARK: Widths

    /// Returns the column widths, with the widest columns cut until all fit; `nil` if they cannot fit.
    private static func fit(_ natural: [Int], into room: Int) -> [Int]? {
        func widths(_ most: Int) -> [Int] { natural.map { min($0, most) } }
        func fits(_ most: Int) -> Bool { widths(most).reduce(0, +) <= room }
        guard fits(narrowest) else { return nil }
        var (low, high) = (narrowest, max(narrowest, natural.max() ?? 0))
        while low < high {
            let middle = (low + high + 1) / 2
            if fits(middle) { low = middle } else { high = middle - 1 }
        }
        return widths(low)
    }

    /// Wraps a cell, between words if possible.
    private static func wrap(_ letters: Line, _ width: Int) -> [Line] {
        var lines: [Line] = []
        var rest = letters
        while !rest.isEmpty {
            var used = 0
            let end = rest.firstIndex { letter in
                used += TerminalColumns.width(of: letter.character)
                return used > width
            }
            guard let end else {
                lines.append(rest)
                break
            }
            // At least one character, even if it is too wide.
            let most = max(end, rest.startIndex + 1)
            let blank = rest[...min(most, rest.endIndex - 1)].lastIndex { $0.character == " " }
            if let blank, blank > rest.startIndex {
                lines.append(rest[..<blank])
                rest = rest[(blank + 1)...].drop { $0.character == " " }
            } else {
                lines.append(rest[..<most])
                rest = rest[most...]
            }
        }
        return lines
    }
}
