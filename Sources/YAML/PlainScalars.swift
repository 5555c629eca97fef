import JSON

/// Plain (unquoted) scalars.
extension YAMLParser {
    /// Parses a plain scalar in a block, over all lines that are indented more than its parent.
    ///
    /// - Parameter colonsAreText: whether a colon followed by a space is text on the first line, instead of the error
    ///   that it is in YAML.
    mutating func parseBlockPlain(parentIndent: Int, colonsAreText: Bool) throws(YAMLError) -> JSON {
        try checkPlainStart(inFlow: false)
        let firstLine = line
        var text: [UInt8] = []
        while true {
            let start = column
            while peek() != nil, !isAtComment {
                if isAtKeyColon, !(colonsAreText && line == firstLine) {
                    throw failure("unexpected ':' followed by a space: quote the text, or fix the indentation")
                }
                column += 1
            }
            let isEndedByComment = peek() != nil
            text += bytes(start..<column).trimmingBlankSuffix
            advanceLine()
            let (blanks, next) = skippingBlankLines(from: line)
            guard !isEndedByComment, let next, next.indent > parentIndent else { break }
            var ahead = self
            ahead.moveDown(blanks)
            guard !ahead.isAtComment else { break }
            self = ahead
            text.appendFold(blankLines: blanks)
        }
        return CoreSchema.resolve(String(decoding: text, as: UTF8.self))
    }

    /// Parses a plain scalar inside `[…]` or `{…}` and moves the cursor past it.
    mutating func parseFlowPlain() throws(YAMLError) -> String {
        try checkPlainStart(inFlow: true)
        var text: [UInt8] = []
        while true {
            let start = column
            while isInFlowPlain { column += 1 }
            text += bytes(start..<column).trimmingBlankSuffix
            guard peek() == nil else { break }
            let (blanks, next) = skippingBlankLines(from: line + 1)
            guard next != nil else { break }
            var ahead = self
            ahead.moveDown(blanks + 1)
            guard ahead.isInFlowPlain else { break }
            self = ahead
            text.appendFold(blankLines: blanks)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Whether the byte under the cursor continues a plain scalar in a flow collection.
    private var isInFlowPlain: Bool {
        guard let byte = peek() else { return false }
        return !Ascii.isFlowIndicator(byte) && !isAtComment && !isAtFlowColon
    }

    /// Whether the cursor is at a colon that ends a plain key in a flow collection.
    var isAtFlowColon: Bool {
        peek() == Ascii.colon && (Ascii.isBlankOrEnd(peek(1)) || peek(1).map(Ascii.isFlowIndicator) == true)
    }

    /// Moves to the first text of the line that is `count` lines below.
    mutating func moveDown(_ count: Int) {
        for _ in 0..<count { advanceLine() }
        moveToContent()
    }

    /// Checks that a plain scalar may start at the cursor.
    func checkPlainStart(inFlow: Bool) throws(YAMLError) {
        guard let first = peek() else { throw failure("unexpected end of the line") }
        let isAllowed =
            switch first {
            case Ascii.dash, Ascii.question, Ascii.colon:
                !Ascii.isBlankOrEnd(peek(1)) && !(inFlow && peek(1).map(Ascii.isFlowIndicator) == true)
            default:
                !Ascii.isFlowIndicator(first) && !#"#&*!|>'"%@`"#.utf8.contains(first)
            }
        guard isAllowed else {
            let character = String(decoding: [first], as: UTF8.self)
            throw failure("a text cannot start with '\(character)' unless it is quoted")
        }
    }
}

extension ArraySlice<UInt8> {
    /// The bytes without trailing spaces and tabs.
    var trimmingBlankSuffix: ArraySlice<UInt8> {
        let last = lastIndex { !Ascii.isBlank($0) }
        return self[startIndex..<(last.map { $0 + 1 } ?? startIndex)]
    }
}

extension [UInt8] {
    /// Appends the result of a line break inside a scalar: a space, or as many line breaks as there are blank lines.
    mutating func appendFold(blankLines: Int) {
        if blankLines == 0 {
            append(Ascii.space)
        } else {
            append(contentsOf: repeatElement(Ascii.lineFeed, count: blankLines))
        }
    }
}
