/// Sets a table, including its subtables, in a TOML text and leaves every other byte unchanged.
struct TOMLEditor {
    private let layout: TextLayout
    private let statements: [TOMLStatement]

    /// - Throws: ``EditError`` if the text isn't valid TOML.
    init(_ bytes: [UInt8]) throws(EditError) {
        layout = TextLayout(bytes)
        // A lone CR isn't valid TOML, and readers treat it differently.
        let stray = bytes.indices.first {
            bytes[$0] == UInt8(ascii: "\r") && bytes[($0 + 1)...].first != UInt8(ascii: "\n")
        }
        if let stray {
            throw EditError("a carriage return without a line feed", line: layout.line(at: stray))
        }
        var scanner = TOMLScanner(layout)
        statements = try scanner.statements()
    }

    /// Replaces the table `path` with `block`: its header and its lines, each with a line break.
    ///
    /// - Throws: ``EditError`` if the table exists in another form, or twice.
    func set(_ path: [String], to block: String) throws(EditError) -> EditedText {
        try refuseOtherForms(of: path)
        let regions = try regions(of: path)
        let block = layout.newline == "\n" ? block : block.split(separator: "\n").map { $0 + layout.newline }.joined()
        guard let first = regions.first else {
            let text = layout.separatorAtEnd + block
            return EditedText(layout.bytes, [TextEdit(at: layout.bytes.count, text)], .added)
        }
        let old = String(decoding: layout.bytes[first], as: UTF8.self)
        if regions.count == 1, old == block || old + layout.newline == block {
            return EditedText(layout.bytes, [], .none)
        }
        let removals = regions.dropFirst().map { TextEdit(withBlankLines(before: $0), "") }
        return EditedText(layout.bytes, [TextEdit(first, block)] + removals, .replaced)
    }

    /// Returns the ranges of the table and its subtables, each from its header to its last value.
    private func regions(of path: [String]) throws(EditError) -> [Range<Int>] {
        var regions: [Range<Int>] = []
        var isInside = false
        var hasTable = false
        for statement in statements {
            switch statement.kind {
            case .table(path) where hasTable:
                throw failure("duplicate table", statement)
            case .table(let name), .arrayOfTables(let name):
                isInside = name.starts(with: path)
                hasTable = hasTable || name == path
                if isInside { regions.append(statement.range) }
            case .pair:
                guard isInside, let last = regions.last else { continue }
                regions[regions.count - 1] = last.lowerBound..<statement.range.upperBound
            }
        }
        return regions
    }

    /// Rejects the table, or one that contains it, as an inline table, with dotted keys, or as an array of tables:
    /// these can't be extended just by inserting lines.
    private func refuseOtherForms(of path: [String]) throws(EditError) {
        var table: [String] = []
        for statement in statements {
            switch statement.kind {
            case .table(let name):
                table = name
            case .arrayOfTables(let name):
                table = name
                guard !path.starts(with: name) else {
                    throw failure("\(name.joined(separator: ".")) is an array of tables", statement)
                }
            case .pair(let key):
                guard !table.starts(with: path) else { continue }
                let whole = table + key
                guard !path.starts(with: whole), !whole.starts(with: path), !(table.isEmpty && key[0] == path[0])
                else {
                    throw failure("\(whole.joined(separator: ".")) is not written as a separate [table]", statement)
                }
            }
        }
    }

    private func withBlankLines(before region: Range<Int>) -> Range<Int> {
        var start = region.lowerBound
        while start > layout.start {
            let line = layout.lineStart(of: start - 1)
            guard layout.bytes[line..<start].allSatisfy(TextLayout.isWhiteSpace) else { break }
            start = line
        }
        return start..<region.upperBound
    }

    private func failure(_ reason: String, _ statement: TOMLStatement) -> EditError {
        EditError(reason, line: layout.line(at: statement.range.lowerBound))
    }
}
