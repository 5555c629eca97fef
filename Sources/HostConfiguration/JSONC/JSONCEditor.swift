import JSON

/// Sets a member of a section in a JSON text with comments, and leaves every other byte unchanged.
///
/// As a final check, the result is scanned again, and must equal the original plus the entry.
struct JSONCEditor {
    private let layout: TextLayout
    private let scanner: JSONCScanner
    private let root: JSONCValue?
    /// The indentation of each level.
    private let unit: String

    /// - Throws: ``EditError`` if the text isn't valid JSON.
    init(_ bytes: [UInt8]) throws(EditError) {
        let layout = TextLayout(bytes)
        var scanner = JSONCScanner(layout)
        let root = try scanner.document()
        unit = root.flatMap { Self.unit(in: $0, layout) } ?? "  "
        self.layout = layout
        self.scanner = scanner
        self.root = root
    }

    /// Sets the member `name` of the object that is the root's member `section`. Adds what is missing.
    ///
    /// - Throws: ``EditError`` if a value of another kind is in its place, or if it is there more than once.
    func set(_ entry: JSON, named name: String, in section: String) throws(EditError) -> EditedText {
        let edited = try edit(entry, name, section)
        guard edited.change != .none else { return edited }
        var scanner = JSONCScanner(TextLayout(edited.bytes))
        let read = try? scanner.document()
        let comparison = JSONCComparison(self.scanner, scanner)
        guard let read, comparison.is(root, with: entry, named: name, in: section, equalTo: read) else {
            throw EditError("it is written in a way that cannot be edited safely")
        }
        return edited
    }

    private func edit(_ entry: JSON, _ name: String, _ section: String) throws(EditError) -> EditedText {
        let newSection = JSON.object([name: entry])
        guard let root else {
            let end = layout.bytes.count
            let isBlank = layout.bytes[layout.start...].allSatisfy(TextLayout.isWhiteSpace)
            let text = JSONText.lines(.object([section: newSection]), newline: layout.newline) + layout.newline
            return EditedText(
                layout.bytes,
                [isBlank ? TextEdit(layout.start..<end, text) : TextEdit(at: end, layout.newline + text)], .added)
        }
        guard let members = root.members else { throw failure("this is not a JSON object", root) }
        guard let found = try only(section, among: members) else {
            return EditedText(layout.bytes, insertion(of: section, newSection, into: root, isInline: false), .added)
        }
        guard let entries = found.value.members else {
            throw failure("\"\(section)\" is not an object", found.value)
        }
        let isInline = layout.indentationAlone(before: found.key.lowerBound) == nil
        guard let old = try only(name, among: entries) else {
            return EditedText(
                layout.bytes, insertion(of: name, entry, into: found.value, isInline: isInline), .added)
        }
        guard scanner.json(old.value.range) != entry else { return EditedText(layout.bytes, [], .none) }
        return EditedText(layout.bytes, [replacement(of: old, with: entry)], .replaced)
    }

    /// Returns the member of that name. Rejects a repeated name, because it is unknown which one a host reads.
    private func only(
        _ name: String, among members: [JSONCValue.Member]
    ) throws(EditError) -> JSONCValue.Member? {
        let found = members.filter { $0.name == name }
        guard found.count < 2 else { throw failure("duplicate \"\(name)\"", found[1].value) }
        return found.first
    }

    private func replacement(of old: JSONCValue.Member, with value: JSON) -> TextEdit {
        guard let indentation = layout.indentationAlone(before: old.key.lowerBound) else {
            return TextEdit(old.value.range, JSONText.line(value, isSpaced: isSpaced(old)))
        }
        return TextEdit(
            old.value.range,
            JSONText.lines(value, indentation: indentation, unit: unit, newline: layout.newline))
    }

    /// - Parameter isInline: whether an empty object stays on its line.
    private func insertion(
        of name: String, _ value: JSON, into object: JSONCValue, isInline: Bool
    ) -> [TextEdit] {
        guard let last = object.members?.last else {
            return [insertion(of: name, value, intoEmpty: object, isInline: isInline)]
        }
        let comma = last.comma.map { _ in [] } ?? [TextEdit(at: last.value.range.upperBound, ",")]
        let trailing = last.comma == nil ? "" : ","
        let place = last.comma.map { $0 + 1 } ?? last.value.range.upperBound
        guard let indentation = layout.indentationAlone(before: last.key.lowerBound) else {
            let isSpaced = isSpaced(last)
            let text = (isSpaced ? " " : "") + member(name, JSONText.line(value, isSpaced: isSpaced), isSpaced)
            return comma + [TextEdit(at: place, text + trailing)]
        }
        let lines = JSONText.lines(value, indentation: indentation, unit: unit, newline: layout.newline)
        let text = layout.newline + indentation + member(name, lines) + trailing
        return comma + [TextEdit(at: endOfComments(onLineFrom: place), text)]
    }

    private func insertion(
        of name: String, _ value: JSON, intoEmpty object: JSONCValue, isInline: Bool
    ) -> TextEdit {
        let inside = (object.range.lowerBound + 1)..<(object.range.upperBound - 1)
        // Keeps comments: inserts the member after the last one.
        let place = scanner.extras.last { inside.contains($0.lowerBound) }?.upperBound ?? inside.lowerBound
        let rest = place..<inside.upperBound
        let hasBreak = layout.bytes[rest].contains(where: TextLayout.isBreak)
        if isInline && !hasBreak {
            let isSpaced = layout.bytes[..<object.range.lowerBound].last == UInt8(ascii: " ")
            let text = member(name, JSONText.line(value, isSpaced: isSpaced), isSpaced)
            return TextEdit(rest, place > inside.lowerBound ? " " + text : text)
        }
        let outer = layout.indentation(ofLineAt: object.range.lowerBound)
        let lines = JSONText.lines(value, indentation: outer + unit, unit: unit, newline: layout.newline)
        let text = layout.newline + outer + unit + member(name, lines)
        return hasBreak ? TextEdit(at: place, text) : TextEdit(rest, text + layout.newline + outer)
    }

    private func member(_ name: String, _ value: String, _ isSpaced: Bool = true) -> String {
        JSON.string(name).text + (isSpaced ? ": " : ":") + value
    }

    /// Whether a space follows the colon of a member.
    private func isSpaced(_ member: JSONCValue.Member) -> Bool {
        layout.bytes[..<member.value.range.lowerBound].last == UInt8(ascii: " ")
    }

    /// Returns the end of the comments that start on the line of an offset: they belong to the text before them.
    private func endOfComments(onLineFrom place: Int) -> Int {
        var end = place
        for comment in scanner.extras where comment.lowerBound >= end {
            let between = layout.bytes[end..<comment.lowerBound]
            guard between.allSatisfy(TextLayout.isBlank) else { break }
            end = comment.upperBound
        }
        return end
    }

    /// Returns the indentation that the first object with members on separate lines uses.
    private static func unit(in value: JSONCValue, _ layout: TextLayout) -> String? {
        guard let members = value.members else { return nil }
        if let first = members.first, let inner = layout.indentationAlone(before: first.key.lowerBound) {
            let outer = layout.indentation(ofLineAt: value.range.lowerBound)
            if inner.hasPrefix(outer), inner.count > outer.count { return String(inner.dropFirst(outer.count)) }
        }
        for member in members {
            if let unit = unit(in: member.value, layout) { return unit }
        }
        return nil
    }

    private func failure(_ reason: String, _ value: JSONCValue) -> EditError {
        EditError(reason, line: layout.line(at: value.range.lowerBound))
    }
}
