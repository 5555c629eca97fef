import JSON
import YAML

/// Sets an entry of a top-level map in a YAML text, and leaves every other byte unchanged.
///
/// It works by lines and their indentation, which YAML syntax can defeat in many ways. As a final check, the result is
/// therefore parsed again, and must equal the original plus the entry.
struct YAMLEditor {
    private struct Line {
        let range: Range<Int>
        let indent: Int
        /// Whether the line is neither blank nor a comment.
        let isContent: Bool
        let isBlank: Bool
    }

    private let layout: TextLayout
    private let lines: [Line]
    private let document: JSONObject

    /// - Throws: ``EditError`` if the text isn't valid YAML, or isn't a map.
    init(_ bytes: [UInt8]) throws(EditError) {
        layout = TextLayout(bytes)
        lines = Self.lines(of: layout)
        switch try Self.parse(bytes) {
        case .object(let object): document = object
        case .null: document = [:]
        case let other: throw EditError("this is \(other.kindDescription), not a map")
        }
    }

    /// Sets the entry `name` of the map `section`.
    ///
    /// - Parameters:
    ///   - entry: the value that the new text must parse to.
    ///   - fields: the lines that represent `entry`, without indentation.
    /// - Throws: ``EditError`` if the map isn't written as indented lines.
    func set(
        _ entry: JSON, fields: [String], named name: String, in section: String
    ) throws(EditError) -> EditedText {
        let edited = try edit(entry, fields, name, section)
        var entries: JSONObject = document[section]?.objectValue ?? [:]
        entries[name] = entry
        var expected = document
        expected[section] = .object(entries)
        guard let read = try? Self.parse(edited.bytes), read == .object(expected) else {
            throw EditError("it is written in a way that cannot be edited safely")
        }
        return edited
    }

    private func edit(
        _ entry: JSON, _ fields: [String], _ name: String, _ section: String
    ) throws(EditError) -> EditedText {
        guard let head = lines.firstIndex(where: { valueStart(of: $0, key: section, indent: 0) != nil }) else {
            let end = layout.bytes.count
            let text = layout.separatorAtEnd + section + ":" + layout.newline + block(name, fields, indent: 2, unit: 2)
            return EditedText(layout.bytes, [TextEdit(at: end, text)], .added)
        }
        guard document[section]?.objectValue != nil || document[section] == .null else {
            throw failure("\(section) is not a map", head)
        }
        let clearing = try clearing(ofValueOn: head, key: section)
        let end = lines[(head + 1)...].firstIndex { $0.isContent && $0.indent == 0 } ?? lines.count
        let children = (head + 1)..<end
        guard let first = lines[children].first(where: \.isContent) else {
            return EditedText(layout.bytes, clearing + [insertion(behind: head, name, fields, 2, 2)], .added)
        }
        let indent = first.indent
        let unit = lines[children].first { $0.isContent && $0.indent > indent }.map { $0.indent - indent } ?? 2
        guard let start = children.first(where: { valueStart(of: lines[$0], key: name, indent: indent) != nil }) else {
            let last = lastLine(of: children, deeperThan: indent - 1)
            return EditedText(layout.bytes, [insertion(behind: last, name, fields, indent, unit)], .added)
        }
        if document[section]?[name] == entry { return EditedText(layout.bytes, [], .none) }
        let next = lines[(start + 1)..<end].firstIndex { $0.isContent && $0.indent <= indent } ?? end
        let last = lastLine(of: start..<next, deeperThan: indent)
        let range = lines[start].range.lowerBound..<lines[last].range.upperBound
        return EditedText(layout.bytes, [TextEdit(range, block(name, fields, indent: indent, unit: unit))], .replaced)
    }

    /// Returns the last line of `range` with content, or with a comment that belongs to it by its indentation.
    private func lastLine(of range: Range<Int>, deeperThan indent: Int) -> Int {
        range.last { lines[$0].isContent || !lines[$0].isBlank && lines[$0].indent > indent } ?? range.lowerBound
    }

    private func insertion(
        behind line: Int, _ name: String, _ fields: [String], _ indent: Int, _ unit: Int
    ) -> TextEdit {
        let end = lines[line].range.upperBound
        let hasBreak = layout.bytes[..<end].last.map(TextLayout.isBreak) == true
        return TextEdit(at: end, (hasBreak ? "" : layout.newline) + block(name, fields, indent: indent, unit: unit))
    }

    private func block(_ name: String, _ fields: [String], indent: Int, unit: Int) -> String {
        let outer = String(repeating: " ", count: indent)
        let inner = outer + String(repeating: " ", count: unit)
        let lines = [outer + YAMLText.name(name) + ":"] + fields.map { inner + $0 }
        return lines.map { $0 + layout.newline }.joined()
    }

    /// Removes an empty map or null after a key, so that lines can follow.
    private func clearing(ofValueOn line: Int, key: String) throws(EditError) -> [TextEdit] {
        guard let start = valueStart(of: lines[line], key: key, indent: 0) else { return [] }
        let rest = layout.bytes[start..<lines[line].range.upperBound]
        let text = rest.drop(while: TextLayout.isWhiteSpace)
        guard let byte = text.first, byte != UInt8(ascii: "#") else { return [] }
        for empty in ["{}", "null", "~"] where text.starts(with: empty.utf8) {
            let behind = text.dropFirst(empty.utf8.count)
            let next = behind.drop(while: TextLayout.isWhiteSpace).first
            if next == nil || next == UInt8(ascii: "#") { return [TextEdit(start..<behind.startIndex, "")] }
        }
        throw failure("\(key) is not written as a map of indented lines", line)
    }

    /// Returns the offset of the value of a key, right after the colon; `nil` if the line doesn't start with that key.
    private func valueStart(of line: Line, key: String, indent: Int) -> Int? {
        guard line.isContent, line.indent == indent else { return nil }
        let text = layout.bytes[line.range].dropFirst(indent)
        for spelling in [key, "\"\(key)\"", "'\(key)'"] where text.starts(with: spelling.utf8) {
            let rest = text.dropFirst(spelling.utf8.count).drop { $0 == UInt8(ascii: " ") }
            guard rest.first == UInt8(ascii: ":") else { continue }
            let value = rest.dropFirst()
            if value.first.map(TextLayout.isWhiteSpace) ?? true { return value.startIndex }
        }
        return nil
    }

    private static func lines(of layout: TextLayout) -> [Line] {
        var lines: [Line] = []
        var start = layout.start
        while start < layout.bytes.count {
            let end = layout.lineEnd(of: start)
            let text = layout.bytes[start..<end]
            let first = text.first { !TextLayout.isWhiteSpace($0) }
            lines.append(
                Line(
                    range: start..<end, indent: text.prefix { $0 == UInt8(ascii: " ") }.count,
                    isContent: first.map { $0 != UInt8(ascii: "#") } ?? false, isBlank: first == nil))
            start = end
        }
        return lines
    }

    private static func parse(_ bytes: [UInt8]) throws(EditError) -> JSON {
        do throws(YAMLError) {
            return try YAML.parse(String(decoding: bytes, as: UTF8.self))
        } catch {
            throw EditError(error.reason, line: error.line)
        }
    }

    private func failure(_ reason: String, _ line: Int) -> EditError {
        EditError(reason, line: line + 1)
    }
}
