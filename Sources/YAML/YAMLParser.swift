import JSON

/// A recursive-descent parser: a cursor over the lines, and the helpers that all constructs share.
///
/// Functions named `parseBlock…` consume whole lines and leave the cursor at the start of a line; the others leave it
/// right after what they parsed.
struct YAMLParser {
    private let source: SourceText
    /// The index of the line under the cursor; the number of lines at the end.
    private(set) var line = 0
    /// The cursor's byte offset in the line. Only spaces and `-` precede a nested block, so it is also the column.
    var column = 0
    private(set) var depth = 0
    /// The values of anchors; `nil` if references are disabled.
    var references: References?

    init(source: SourceText) {
        self.source = source
    }

    mutating func parseDocument() throws(YAMLError) -> JSON {
        if try nextContent() == nil, isDocumentMarker(line, Ascii.dash) {
            column = 3
            try finishLine(after: "'---'")
        }
        let value = try nextContent() == nil ? JSON.null : try parseBlockNode(parentIndent: -1)
        if try nextContent() != nil { throw failure("unexpected text: its indentation matches no line above it") }
        if isDocumentMarker(line, UInt8(ascii: ".")) {
            column = 3
            try finishLine(after: "'...'")
        }
        guard try nextContent() == nil, line == source.lines.count else {
            throw failure("more than one document is not supported")
        }
        return value
    }
}

// MARK: - The cursor

extension YAMLParser {
    /// The line under the cursor; `nil` at the end.
    var currentLine: SourceText.Line? {
        line < source.lines.count ? source.lines[line] : nil
    }

    /// Returns the byte `distance` bytes after the cursor; `nil` if the line is shorter.
    func peek(_ distance: Int = 0) -> UInt8? {
        guard let range = currentLine?.range else { return nil }
        let place = range.lowerBound + column + distance
        return range.contains(place) ? source.bytes[place] : nil
    }

    /// Returns the bytes between two columns of the line under the cursor.
    func bytes(_ columns: Range<Int>) -> ArraySlice<UInt8> {
        guard let range = currentLine?.range else { return [] }
        return source.bytes[range].dropFirst(columns.lowerBound).prefix(columns.count)
    }

    /// The bytes from the cursor to the end of its line.
    var restOfLine: ArraySlice<UInt8> {
        guard let range = currentLine?.range else { return [] }
        return source.bytes[range].dropFirst(column)
    }

    mutating func advanceLine() {
        line += 1
        column = 0
    }

    /// Moves to the first byte of the current line that is neither a space nor a tab.
    mutating func moveToContent() {
        guard let current = currentLine else { return }
        column = current.contentStart - current.range.lowerBound
    }

    mutating func skipBlanks() {
        while let byte = peek(), Ascii.isBlank(byte) { column += 1 }
    }

    /// Whether a comment starts at the cursor: a `#` at the start of the line or after white space.
    var isAtComment: Bool {
        peek() == Ascii.comment && (column == 0 || Ascii.isBlankOrEnd(peek(-1)))
    }

    /// Skips white space; returns whether only a comment, or nothing, is left on the line.
    mutating func skipToLineEnd() -> Bool {
        skipBlanks()
        return peek() == nil || isAtComment
    }

    /// Consumes the rest of the line, which may contain only a comment.
    mutating func finishLine(after what: String) throws(YAMLError) {
        guard skipToLineEnd() else { throw failure("unexpected text after \(what)") }
        advanceLine()
    }

    /// Moves to the first byte of the next line that is neither blank nor a comment.
    ///
    /// - Returns: its indentation; nil at the end of the document.
    mutating func nextContent() throws(YAMLError) -> Int? {
        while let current = currentLine {
            moveToContent()
            if isDocumentMarker(line) { return nil }
            if !current.isBlank && peek() != Ascii.comment {
                guard column == current.indent else { throw failure("a tab cannot be used for indentation") }
                return column
            }
            advanceLine()
        }
        return nil
    }

    /// Returns the number of blank lines from line `start` on, and the line after them if it still belongs to the
    /// document.
    func skippingBlankLines(from start: Int) -> (blanks: Int, next: SourceText.Line?) {
        var place = start
        while place < source.lines.count, source.lines[place].isBlank { place += 1 }
        let isEnd = place == source.lines.count || isDocumentMarker(place)
        return (place - start, isEnd ? nil : source.lines[place])
    }

    /// Whether a line is `---` or `...`, alone or followed by white space.
    func isDocumentMarker(_ place: Int, _ character: UInt8? = nil) -> Bool {
        guard place < source.lines.count else { return false }
        let text = source.bytes[source.lines[place].range]
        guard let first = text.first, first == Ascii.dash || first == UInt8(ascii: ".") else { return false }
        return first == character ?? first && text.prefix(3).elementsEqual([first, first, first])
            && Ascii.isBlankOrEnd(text.dropFirst(3).first)
    }
}

// MARK: - Faults and depth

extension YAMLParser {
    /// Returns an error for the line under the cursor, or for the line with the index `place`.
    func failure(_ reason: String, line place: Int? = nil) -> YAMLError {
        let last = max(source.lines.count - 1, 0)
        return YAMLError(reason: reason, line: source.firstLine + min(place ?? line, last))
    }

    /// Counts one more list or map around the cursor.
    mutating func enter() throws(YAMLError) {
        depth += 1
        guard depth <= YAML.maxDepth else { throw failure("nested deeper than \(YAML.maxDepth) levels") }
    }

    mutating func leave() {
        depth -= 1
    }

    /// Rejects the indicators of unsupported features.
    func refuseUnsupported() throws(YAMLError) {
        switch peek() {
        case UInt8(ascii: "&"): throw failure("anchors (&) are not supported; quote the text if it is not one")
        case UInt8(ascii: "*"): throw failure("aliases (*) are not supported; quote the text if it is not one")
        case UInt8(ascii: "!"): throw failure("tags (!) are not supported; quote the text if it is not one")
        case UInt8(ascii: "%") where column == 0: throw failure("directives (%) are not supported")
        case Ascii.question where Ascii.isBlankOrEnd(peek(1)): throw failure("complex keys (?) are not supported")
        default: return
        }
    }
}
