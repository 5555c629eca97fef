extension JSON {
    /// The maximum nesting depth of arrays and objects, so that no input can exhaust the stack.
    public static let maxDepth = 128

    /// How tolerant the parser is. Neither mode accepts text that two parsers could interpret differently, such as
    /// duplicate members, or values that can't be represented faithfully: invalid UTF-8, or numbers out of range for a
    /// `Double`.
    public enum Reading: Sendable {
        /// Strict RFC 8259: for the output of our own programs.
        case strict
        /// Also accepts what the JavaScript and Python parsers accept, because their programs write it: an unpaired
        /// surrogate becomes U+FFFD, a leading byte order mark is ignored. For input from clients and models.
        case lenient
        /// Like ``lenient``, and integers that don't fit in 64 bits keep their digits as ``JSON/verbatim(_:)``. For input
        /// that is passed on.
        case exact
    }

    /// Parses one JSON text: UTF-8, no trailing commas, no duplicate members, nothing but white space after the value.
    /// Names that differ only in their Unicode composition count as equal.
    ///
    /// - Parameters:
    ///   - bytes: the whole text.
    ///   - reading: how tolerant the parser is.
    ///   - valueLimit: the maximum number of values, members and elements included, so that `[0,0,…]` can't use a
    ///     multiple of its length in memory.
    ///   - deepValue: takes the place of each array or object beyond ``maxDepth``, of which only the end is looked for;
    ///     `nil` to reject a text with one.
    /// - Throws: ``JSONParseError`` with the position of the first fault.
    public static func parse(
        _ bytes: some Collection<UInt8>, _ reading: Reading = .strict, valueLimit: Int = .max, deepValue: JSON? = nil
    ) throws(JSONParseError) -> JSON {
        let result: Result<JSON, JSONParseError>? = bytes.withContiguousStorageIfAvailable { buffer in
            parseResult(buffer, reading, valueLimit, deepValue)
        }
        if let result { return try result.get() }
        return try Array(bytes).withUnsafeBufferPointer { parseResult($0, reading, valueLimit, deepValue) }.get()
    }

    /// Parses one JSON text. See ``parse(_:_:valueLimit:)-(Collection,_,_)``.
    public static func parse(
        _ text: String, _ reading: Reading = .strict, valueLimit: Int = .max
    ) throws(JSONParseError) -> JSON {
        try parse(Array(text.utf8), reading, valueLimit: valueLimit)
    }

    private static func parseResult(
        _ buffer: UnsafeBufferPointer<UInt8>, _ reading: Reading, _ valueLimit: Int, _ deepValue: JSON?
    ) -> Result<JSON, JSONParseError> {
        do throws(JSONParseError) {
            var parser = JSONParser(
                bytes: buffer, reading: reading, valueLimit: valueLimit, deepValue: deepValue)
            return .success(try parser.parseDocument())
        } catch {
            return .failure(error)
        }
    }
}

/// A recursive-descent parser. The bytes must outlive it.
struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    let isLenient: Bool
    private let keepsDigits: Bool
    var offset = 0
    private var depth = 0
    private let valueLimit: Int
    private let deepValue: JSON?
    /// The number of further values allowed.
    private var valuesLeft: Int

    init(bytes: UnsafeBufferPointer<UInt8>, reading: JSON.Reading, valueLimit: Int, deepValue: JSON? = nil) {
        self.deepValue = deepValue
        self.bytes = bytes
        isLenient = reading != .strict
        keepsDigits = reading == .exact
        self.valueLimit = valueLimit
        valuesLeft = valueLimit
    }

    mutating func parseDocument() throws(JSONParseError) -> JSON {
        if isLenient, bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { offset = 3 }
        let value = try parseValue()
        skipWhitespace()
        guard offset == bytes.count else { throw failure("unexpected text after the value") }
        return value
    }

    func failure(_ reason: String) -> JSONParseError {
        JSONParseError(reason: reason, offset: offset)
    }

    private mutating func parseValue() throws(JSONParseError) -> JSON {
        skipWhitespace()
        guard offset < bytes.count else { throw failure("unexpected end") }
        guard valuesLeft > 0 else {
            throw JSONParseError(reason: "more than \(valueLimit) values", offset: offset, isOverLimit: true)
        }
        valuesLeft -= 1
        switch bytes[offset] {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            if let deepValue, depth == JSON.maxDepth { return try skipDeep(deepValue) }
            return bytes[offset] == UInt8(ascii: "{") ? try parseObject() : try parseArray()
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
        case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
        case UInt8(ascii: "n"): return try parseWord("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
        default: throw failure("unexpected character")
        }
    }

    private mutating func parseObject() throws(JSONParseError) -> JSON {
        try enter()
        var object = JSONObject()
        if skip(UInt8(ascii: "}")) { return leave(.object(object)) }
        repeat {
            skipWhitespace()
            guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") else {
                throw failure("expected a member name")
            }
            let start = offset
            let key = try parseString()
            guard skip(UInt8(ascii: ":")) else { throw failure("expected ':'") }
            let value = try parseValue()
            guard object.insertIfAbsent(key, value) else {
                throw JSONParseError(reason: "duplicate member name", offset: start)
            }
        } while skip(UInt8(ascii: ","))
        guard skip(UInt8(ascii: "}")) else { throw failure("expected ',' or '}'") }
        return leave(.object(object))
    }

    private mutating func parseArray() throws(JSONParseError) -> JSON {
        try enter()
        var elements: [JSON] = []
        if skip(UInt8(ascii: "]")) { return leave(.array(elements)) }
        repeat {
            elements.append(try parseValue())
        } while skip(UInt8(ascii: ","))
        guard skip(UInt8(ascii: "]")) else { throw failure("expected ',' or ']'") }
        return leave(.array(elements))
    }

    private mutating func enter() throws(JSONParseError) {
        depth += 1
        guard depth <= JSON.maxDepth else { throw failure("nested deeper than \(JSON.maxDepth) levels") }
        offset += 1
    }

    private mutating func leave(_ value: JSON) -> JSON {
        depth -= 1
        return value
    }

    /// Skips an array or object without recursion, and returns what takes its place.
    private mutating func skipDeep(_ value: JSON) throws(JSONParseError) -> JSON {
        var scanner = JSONScanner()
        while offset < bytes.count {
            let role = scanner.advance(over: bytes[offset])
            offset += 1
            if role == .close, scanner.depth == 0 { return value }
        }
        throw failure("unexpected end")
    }

    private mutating func parseWord(_ word: StaticString, _ value: JSON) throws(JSONParseError) -> JSON {
        let end = offset + word.utf8CodeUnitCount
        guard end <= bytes.count else { throw failure("unexpected end") }
        for place in 0..<word.utf8CodeUnitCount where bytes[offset + place] != word.utf8Start[place] {
            throw failure("unexpected character")
        }
        offset = end
        return value
    }

    private mutating func parseNumber() throws(JSONParseError) -> JSON {
        let start = offset
        var isInteger = true
        _ = skipByte(UInt8(ascii: "-"))
        if !skipByte(UInt8(ascii: "0")) { try skipDigits() }
        if skipByte(UInt8(ascii: ".")) {
            isInteger = false
            try skipDigits()
        }
        if skipByte(UInt8(ascii: "e")) || skipByte(UInt8(ascii: "E")) {
            isInteger = false
            if !skipByte(UInt8(ascii: "+")) { _ = skipByte(UInt8(ascii: "-")) }
            try skipDigits()
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if isInteger, let value = Int(text) { return .integer(value) }
        if isInteger, keepsDigits { return .verbatim(text) }
        guard let value = Double(text), value.isFinite else {
            throw JSONParseError(reason: "number out of range", offset: start)
        }
        return .double(value)
    }

    private mutating func skipDigits() throws(JSONParseError) {
        let start = offset
        while offset < bytes.count, bytes[offset] &- UInt8(ascii: "0") < 10 { offset += 1 }
        guard offset > start else { throw failure("expected a digit") }
    }

    private mutating func skipByte(_ byte: UInt8) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    /// Skips white space, then `byte` if it follows.
    ///
    /// - Returns: whether it did.
    private mutating func skip(_ byte: UInt8) -> Bool {
        skipWhitespace()
        return skipByte(byte)
    }

    private mutating func skipWhitespace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): offset += 1
            default: return
            }
        }
    }
}
