import JSON

/// The positions of the parts of a JSON text with comments.
struct JSONCValue {
    struct Member {
        /// The range of the name, including its quotes.
        let key: Range<Int>
        /// The name; `nil` if it can't be decoded.
        let name: String?
        let value: JSONCValue
        /// The offset of the comma after it.
        var comma: Int?
    }

    let range: Range<Int>
    /// The members, if this is an object.
    let members: [Member]?
}

/// Scans JSON as editors accept it, with comments and trailing commas. Records positions, not values.
struct JSONCScanner {
    /// The maximum nesting depth of values, so that no file can exhaust the stack.
    static let maxDepth = 500

    private static let endsWord = Array(",:/\"[]{}".utf8)

    private let bytes: [UInt8]
    private let layout: TextLayout
    private var offset: Int
    private var depth = 0
    /// Comments and trailing commas, which JSON itself doesn't allow. In order, once the whole text has been scanned.
    private(set) var extras: [Range<Int>] = []

    init(_ layout: TextLayout) {
        self.layout = layout
        bytes = layout.bytes
        offset = layout.start
    }

    /// Scans the whole text.
    ///
    /// - Returns: its value; `nil` if there is only white space and comments.
    mutating func document() throws(EditError) -> JSONCValue? {
        try skipFiller()
        guard offset < bytes.count else { return nil }
        let value = try value()
        try skipFiller()
        guard offset == bytes.count else { throw failure("unexpected text after the end of the object") }
        // A trailing comma is only recognized after the comments that follow it.
        extras.sort { $0.lowerBound < $1.lowerBound }
        return value
    }

    /// Returns the value in a range as JSON; `nil` if it can't be parsed.
    func json(_ range: Range<Int>) -> JSON? {
        try? JSON.parse(bare(range))
    }

    /// Returns the bytes of a range without comments, trailing commas and white space between tokens. Equal bytes mean
    /// equal values, even if they contain strings that can't be decoded.
    func bare(_ range: Range<Int>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        var next = firstExtra(from: range.lowerBound)
        var place = range.lowerBound
        var isInString = false
        while place < range.upperBound {
            if next < extras.count, extras[next].lowerBound == place {
                place = extras[next].upperBound
                next += 1
                continue
            }
            let byte = bytes[place]
            if isInString || !TextLayout.isWhiteSpace(byte) { text.append(byte) }
            if isInString, byte == UInt8(ascii: "\\"), place + 1 < range.upperBound {
                place += 1
                text.append(bytes[place])
            } else if byte == UInt8(ascii: "\"") {
                isInString.toggle()
            }
            place += 1
        }
        return text
    }

    /// Excludes these ranges from ``bare(_:)``, like comments. No range may contain another.
    mutating func leaveOut(_ ranges: [Range<Int>]) {
        guard !ranges.isEmpty else { return }
        let sorted = ranges.sorted { $0.lowerBound < $1.lowerBound }
        var next = 0
        let others = extras.filter { extra in
            while next < sorted.count, sorted[next].upperBound <= extra.lowerBound { next += 1 }
            return next == sorted.count || extra.upperBound <= sorted[next].lowerBound
        }
        extras = (others + sorted).sorted { $0.lowerBound < $1.lowerBound }
    }

    /// Returns the index in ``extras`` of the first one that starts at or after an offset (binary search).
    private func firstExtra(from place: Int) -> Int {
        var low = 0
        var high = extras.count
        while low < high {
            let middle = (low + high) / 2
            if extras[middle].lowerBound < place { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func value() throws(EditError) -> JSONCValue {
        let start = offset
        switch peek() {
        case UInt8(ascii: "{"):
            let members = try object()
            return JSONCValue(range: start..<offset, members: members)
        case UInt8(ascii: "["): try array()
        case UInt8(ascii: "\""): try string()
        default: try word()
        }
        return JSONCValue(range: start..<offset, members: nil)
    }

    private mutating func object() throws(EditError) -> [JSONCValue.Member] {
        try enter()
        var members: [JSONCValue.Member] = []
        try skipFiller()
        while !skip(UInt8(ascii: "}")) {
            if let last = members.last, last.comma == nil { throw failure("expected ',' or '}'") }
            members.append(try member())
            try skipFiller()
            let place = offset
            guard skip(UInt8(ascii: ",")) else { continue }
            members[members.count - 1].comma = place
            try skipFiller()
            if peek() == UInt8(ascii: "}") { extras.append(place..<(place + 1)) }
        }
        depth -= 1
        return members
    }

    private mutating func member() throws(EditError) -> JSONCValue.Member {
        let start = offset
        guard peek() == UInt8(ascii: "\"") else { throw failure("expected a name in double quotes, or '}'") }
        try string()
        let key = start..<offset
        try skipFiller()
        guard skip(UInt8(ascii: ":")) else { throw failure("expected ':'") }
        try skipFiller()
        return JSONCValue.Member(key: key, name: (try? JSON.parse(bytes[key]))?.stringValue, value: try value())
    }

    private mutating func array() throws(EditError) {
        try enter()
        var isSeparated = true
        try skipFiller()
        while !skip(UInt8(ascii: "]")) {
            guard isSeparated else { throw failure("expected ',' or ']'") }
            _ = try value()
            try skipFiller()
            let place = offset
            isSeparated = skip(UInt8(ascii: ","))
            try skipFiller()
            if isSeparated, peek() == UInt8(ascii: "]") { extras.append(place..<(place + 1)) }
        }
        depth -= 1
    }

    private mutating func string() throws(EditError) {
        let start = offset
        offset += 1
        while let byte = peek(), byte >= 0x20 {
            offset += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\"") { return }
        }
        offset = start
        throw failure("unterminated string")
    }

    /// Scans a number, `true`, `false` or `null`.
    private mutating func word() throws(EditError) {
        let word = bytes[offset...].prefix { !TextLayout.isWhiteSpace($0) && !Self.endsWord.contains($0) }
        guard !word.isEmpty, (try? JSON.parse(word)) != nil else {
            throw failure(offset < bytes.count ? "expected a value" : "unexpected end of the text")
        }
        offset = word.endIndex
    }

    private mutating func enter() throws(EditError) {
        offset += 1
        depth += 1
        guard depth <= Self.maxDepth else { throw failure("nested deeper than \(Self.maxDepth) levels") }
    }

    /// Skips white space and comments.
    private mutating func skipFiller() throws(EditError) {
        while let byte = peek() {
            if TextLayout.isWhiteSpace(byte) {
                offset += 1
            } else if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "/") {
                let end = bytes[offset...].firstIndex { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
                extras.append(offset..<(end ?? bytes.count))
                offset = end ?? bytes.count
            } else if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                try skipBlockComment()
            } else {
                return
            }
        }
    }

    private mutating func skipBlockComment() throws(EditError) {
        let start = offset
        offset += 2
        while offset < bytes.count, !(peek() == UInt8(ascii: "*") && peek(1) == UInt8(ascii: "/")) { offset += 1 }
        guard offset < bytes.count else {
            offset = start
            throw failure("unterminated comment")
        }
        offset += 2
        extras.append(start..<offset)
    }

    private func peek(_ distance: Int = 0) -> UInt8? {
        offset + distance < bytes.count ? bytes[offset + distance] : nil
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        offset += 1
        return true
    }

    private func failure(_ reason: String) -> EditError {
        EditError(reason, line: layout.line(at: min(offset, bytes.count)))
    }
}
