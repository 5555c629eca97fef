import JSON

/// JSON within a text, which code in the sandbox gets as data: a value in it may be escaped, and the name of its member
/// says what it is.
enum EmbeddedJSON {
    /// How often texts within texts are looked into. Each time, all of the text is read once more.
    static let maxDepth = 4
    /// The most values that are read of a text.
    private static let maxValues = 1_000_000

    /// Whether a text begins as an object or array.
    static func mayBe(_ text: String) -> Bool {
        let first = text.unicodeScalars.first { !isSpace($0) }
        return first == "{" || first == "["
    }

    /// Returns the data that a text is; `nil` if it is none, or can't be read here.
    static func data(of text: String) -> JSON? {
        guard mayBe(text) else { return nil }
        let scalars = text.unicodeScalars.drop(while: isSpace)
        let end = scalars.lastIndex { !isSpace($0) }.map(scalars.index(after:)) ?? scalars.endIndex
        return try? JSON.parse(String(scalars[..<end]), .exact, valueLimit: maxValues)
    }

    /// Returns a text of JSON with the same meaning, in which what needs no escape has none; `nil` if that is the text
    /// itself. For what isn't read as data here, but may be by another parser.
    static func withoutEscapes(_ text: String) -> String? {
        text.withBytes { bytes -> [UInt8]? in
            guard bytes.contains(UInt8(ascii: "\\")) else { return nil }
            var (output, place, isChanged) = ([UInt8](), 0, false)
            output.reserveCapacity(bytes.count)
            while place < bytes.count {
                guard bytes[place] == UInt8(ascii: "\\"), place + 1 < bytes.count else {
                    output.append(bytes[place])
                    place += 1
                    continue
                }
                if let (scalar, length) = escaped(bytes, place) {
                    output += String(scalar).utf8
                    place += length
                    isChanged = true
                } else {
                    output += bytes[place...place + 1]
                    place += 2
                }
            }
            return isChanged ? output : nil
        }.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Returns the character that an escape stands for, if it needs none, and the length of the escape.
    private static func escaped(_ bytes: UnsafeBufferPointer<UInt8>, _ place: Int) -> (Unicode.Scalar, Int)? {
        if bytes[place + 1] == UInt8(ascii: "/") { return ("/", 2) }
        guard let first = unit(bytes, place) else { return nil }
        if first & 0xFC00 == 0xD800, let second = unit(bytes, place + 6), second & 0xFC00 == 0xDC00 {
            return Unicode.Scalar(0x10000 + (first & 0x3FF) << 10 + second & 0x3FF).map { ($0, 12) }
        }
        // Control characters, quotes and backslashes need one.
        guard first >= 0x20, first != 0x22, first != 0x5C, let scalar = Unicode.Scalar(first) else { return nil }
        return (scalar, 6)
    }

    /// The number that `\uXXXX` has at a place.
    private static func unit(_ bytes: UnsafeBufferPointer<UInt8>, _ place: Int) -> UInt32? {
        guard place + 6 <= bytes.count, bytes[place] == UInt8(ascii: "\\"), bytes[place + 1] == UInt8(ascii: "u") else {
            return nil
        }
        return bytes[place + 2..<place + 6].reduce(0) { value, byte in
            value.flatMap { value in byte.hexValue.map { value << 4 | UInt32($0) } }
        }
    }

    /// What Python leaves out at the ends of a text.
    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value) || scalar.value == 0xFEFF
    }
}
