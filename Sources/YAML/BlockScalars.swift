/// Block scalars, `|` and `>`: the text is on the lines below the header.
extension YAMLParser {
    private struct Header {
        var isFolded: Bool
        var chomping: BlockText.Chomping?
        /// The indentation of the text relative to its parent; `nil` if the header doesn't specify it.
        var indentation: Int?
    }

    /// Parses the block scalar whose `|` or `>` is under the cursor.
    mutating func parseBlockScalar(parentIndent: Int) throws(YAMLError) -> String {
        let header = try parseBlockScalarHeader()
        let indent = try textIndent(header, parentIndent: parentIndent)
        var text = BlockText(isFolded: header.isFolded)
        while let current = currentLine, !isDocumentMarker(line), current.isBlank || current.indent >= indent {
            text.append(restOfLine.dropFirst(min(indent, current.indent)), hasBreak: current.hasBreak)
            advanceLine()
        }
        return text.finished(header.chomping ?? .clip)
    }

    private mutating func parseBlockScalarHeader() throws(YAMLError) -> Header {
        var header = Header(isFolded: peek() == UInt8(ascii: ">"))
        column += 1
        while let byte = peek(), !Ascii.isBlank(byte) {
            switch byte {
            case UInt8(ascii: "-") where header.chomping == nil: header.chomping = .strip
            case UInt8(ascii: "+") where header.chomping == nil: header.chomping = .keep
            case UInt8(ascii: "1")...UInt8(ascii: "9") where header.indentation == nil:
                header.indentation = Int(byte - UInt8(ascii: "0"))
            default: throw failure("unexpected text after '|' or '>': the text starts on the next line")
            }
            column += 1
        }
        try finishLine(after: "'|' or '>': the text starts on the next line")
        return header
    }

    /// Returns the indentation of the text: as the header specifies, or that of the first non-blank line. If there is
    /// none, that of the deepest blank line.
    private func textIndent(_ header: Header, parentIndent: Int) throws(YAMLError) -> Int {
        if let indentation = header.indentation { return max(parentIndent, 0) + indentation }
        var ahead = self
        var deepest = parentIndent + 1
        while let current = ahead.currentLine, current.isBlank {
            deepest = max(deepest, current.indent)
            ahead.advanceLine()
        }
        guard let next = ahead.currentLine, next.indent > parentIndent, !isDocumentMarker(ahead.line) else {
            return deepest
        }
        guard deepest <= next.indent else { throw ahead.failure("a blank line above is indented more than the text") }
        return next.indent
    }
}

/// Builds the text of a block scalar line by line.
private struct BlockText {
    enum Chomping {
        /// One line break at the end, if there is any text.
        case clip
        /// No line break at the end.
        case strip
        /// Every line break at the end.
        case keep
    }

    let isFolded: Bool
    private var bytes: [UInt8] = []
    /// The number of line breaks from blank lines since the last line of text.
    private var blankLines = 0
    /// Properties of the last line of text; `nil` before the first.
    private var last: (isFoldable: Bool, hasBreak: Bool)?

    init(isFolded: Bool) {
        self.isFolded = isFolded
    }

    mutating func append(_ content: ArraySlice<UInt8>, hasBreak: Bool) {
        guard let first = content.first else {
            blankLines += hasBreak ? 1 : 0
            return
        }
        // Lines that are indented more than the others keep their line breaks.
        let isFoldable = isFolded && !Ascii.isBlank(first)
        switch last {
        case nil: break
        case let last? where !(last.isFoldable && isFoldable): bytes.append(Ascii.lineFeed)
        default: if blankLines == 0 { bytes.append(Ascii.space) }
        }
        appendBlankLines()
        bytes.append(contentsOf: content)
        last = (isFoldable, hasBreak)
    }

    mutating func finished(_ chomping: Chomping) -> String {
        if chomping != .strip, last?.hasBreak == true { bytes.append(Ascii.lineFeed) }
        if chomping == .keep { appendBlankLines() }
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func appendBlankLines() {
        bytes.append(contentsOf: repeatElement(Ascii.lineFeed, count: blankLines))
        blankLines = 0
    }
}
