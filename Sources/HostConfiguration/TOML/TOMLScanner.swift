import JSON

/// A statement of a TOML text: a table header, or a key with its value.
struct TOMLStatement: Equatable {
    enum Kind: Equatable {
        case table([String])
        case arrayOfTables([String])
        case pair([String])
    }

    let kind: Kind
    /// The statement's lines, including the last line break.
    let range: Range<Int>
}

/// Scans TOML 1.0 only as far as needed to find the statements. Values are skipped; `TOML` parses them.
struct TOMLScanner {
    /// The maximum nesting depth of arrays and inline tables, so that no file can exhaust the stack.
    static let maxDepth = 100

    let bytes: [UInt8]
    private let layout: TextLayout
    var offset: Int
    private var depth = 0

    init(_ layout: TextLayout) {
        self.layout = layout
        bytes = layout.bytes
        offset = layout.start
    }

    /// Scans the whole text.
    mutating func statements() throws(EditError) -> [TOMLStatement] {
        var statements: [TOMLStatement] = []
        while offset < bytes.count {
            let start = offset
            skipBlanks()
            let kind: TOMLStatement.Kind? =
                switch peek() {
                case nil, UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "#"): nil
                case UInt8(ascii: "["): try header()
                default: .pair(try pair())
                }
            try finishLine()
            if let kind { statements.append(TOMLStatement(kind: kind, range: start..<offset)) }
        }
        return statements
    }

    mutating func header() throws(EditError) -> TOMLStatement.Kind {
        offset += 1
        let isArray = skip("[")
        let path = try keyPath()
        guard skip(isArray ? "]]" : "]") else { throw failure("expected ']'") }
        return isArray ? .arrayOfTables(path) : .table(path)
    }

    private mutating func pair() throws(EditError) -> [String] {
        let path = try keyPath()
        guard skip("=") else { throw failure("expected '='") }
        skipBlanks()
        try value()
        return path
    }

    mutating func keyPath() throws(EditError) -> [String] {
        var path: [String] = []
        repeat {
            skipBlanks()
            path.append(try key())
            skipBlanks()
        } while skip(".")
        return path
    }

    private mutating func key() throws(EditError) -> String {
        let start = offset
        switch peek() {
        case UInt8(ascii: "\""):
            try string("\"", hasEscapes: true)
            guard case .string(let text)? = TOMLScalar.read(bytes[start..<offset]) else {
                throw failure("invalid escape in a key")
            }
            return text
        case UInt8(ascii: "'"):
            try string("'", hasEscapes: false)
            return String(decoding: bytes[(start + 1)..<(offset - 1)], as: UTF8.self)
        default:
            let key = bytes[offset...].prefix { byte in
                let scalar = Unicode.Scalar(byte)
                return scalar.isASCII && scalar.properties.isAlphabetic || "0123456789-_".utf8.contains(byte)
            }
            guard !key.isEmpty else { throw failure("expected a key") }
            offset = key.endIndex
            return String(decoding: key, as: UTF8.self)
        }
    }

    mutating func value() throws(EditError) {
        switch peek() {
        case UInt8(ascii: "\""): try starts(with: "\"\"\"") ? longString("\"\"\"") : string("\"", hasEscapes: true)
        case UInt8(ascii: "'"): try starts(with: "'''") ? longString("'''") : string("'", hasEscapes: false)
        case UInt8(ascii: "["):
            try elements(until: "]") { scanner throws(EditError) in try scanner.value() }
        case UInt8(ascii: "{"):
            try elements(until: "}") { scanner throws(EditError) in _ = try scanner.pair() }
        default:
            // Numbers, dates and booleans. There may be a space between a date and a time.
            let word = bytes[offset...].prefix { byte in
                byte > 0x20 && byte < 0x7F && !",]}#\"'[{=".utf8.contains(byte)
            }
            guard !word.isEmpty else { throw failure("expected a value") }
            offset = word.endIndex
            let next = peek(1).map { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } == true
            if word.count == 10, peek() == UInt8(ascii: " "), next {
                offset = bytes[(offset + 1)...].prefix { "0123456789:.-+Zz".utf8.contains($0) }.endIndex
            }
        }
    }

    /// Scans an array or an inline table, which may span several lines.
    mutating func elements(
        until end: StaticString, _ element: (inout TOMLScanner) throws(EditError) -> Void
    ) throws(EditError) {
        offset += 1
        depth += 1
        guard depth <= Self.maxDepth else { throw failure("nested deeper than \(Self.maxDepth) levels") }
        var isSeparated = true
        try skipFiller()
        while !skip(end) {
            guard isSeparated else { throw failure("expected ',' or '\(end)'") }
            try element(&self)
            try skipFiller()
            isSeparated = skip(",")
            try skipFiller()
        }
        depth -= 1
    }

    private mutating func string(_ quote: StaticString, hasEscapes: Bool) throws(EditError) {
        let start = offset
        offset += 1
        while let byte = peek(), byte != UInt8(ascii: "\n") {
            if skip(quote) { return }
            offset += hasEscapes && byte == UInt8(ascii: "\\") ? 2 : 1
        }
        offset = start
        throw failure("unterminated string")
    }

    private mutating func longString(_ quotes: StaticString) throws(EditError) {
        let start = offset
        let quote = bytes[offset]
        offset += 3
        while offset < bytes.count {
            if skip(quotes) {
                // Up to two quotes may precede the three closing quotes.
                for _ in 0..<2 where peek() == quote { offset += 1 }
                return
            }
            offset += quote == UInt8(ascii: "\"") && peek() == UInt8(ascii: "\\") ? 2 : 1
        }
        offset = start
        throw failure("unterminated multi-line string")
    }

    mutating func skipBlanks() {
        while peek() == UInt8(ascii: " ") || peek() == UInt8(ascii: "\t") { offset += 1 }
    }

    /// Skips white space, line breaks and comments.
    private mutating func skipFiller() throws(EditError) {
        while let byte = peek() {
            if TextLayout.isWhiteSpace(byte) {
                offset += 1
            } else if byte == UInt8(ascii: "#") {
                try skipComment()
            } else {
                return
            }
        }
        throw failure("unexpected end of the text")
    }

    /// Skips a comment, but not the line break after it.
    private mutating func skipComment() throws(EditError) {
        offset = bytes[offset...].firstIndex { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") } ?? bytes.count
        // At the end of a text, a lone CR would merge with the line break that is appended there.
        guard peek() != UInt8(ascii: "\r") || starts(with: "\r\n") else {
            throw failure("a carriage return in a comment")
        }
    }

    /// Consumes the rest of a line, which may contain only a comment.
    mutating func finishLine() throws(EditError) {
        skipBlanks()
        if peek() == UInt8(ascii: "#") { try skipComment() }
        guard offset < bytes.count else { return }
        guard skip("\n") || skip("\r\n") else { throw failure("unexpected text after a value or a table's name") }
    }

    func peek(_ distance: Int = 0) -> UInt8? {
        offset + distance < bytes.count ? bytes[offset + distance] : nil
    }

    func starts(with text: StaticString) -> Bool {
        let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        return offset <= bytes.count && bytes[offset...].starts(with: wanted)
    }

    mutating func skip(_ text: StaticString) -> Bool {
        guard starts(with: text) else { return false }
        offset += text.utf8CodeUnitCount
        return true
    }

    func failure(_ reason: String) -> EditError {
        EditError(reason, line: layout.line(at: min(offset, bytes.count)))
    }
}
