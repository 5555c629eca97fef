/// Undoes what programs do to a text that they pass on: escapes of JSON, entities of HTML, numbers and signs before
/// lines, base64. Each step takes time in proportion to the text.
enum DecodedText {
    /// How many encoded parts of a text are decoded, and how many bytes of them in all.
    private static let maxParts = 64
    private static let maxPartBytes = 256 << 10
    /// Shorter parts contain no call.
    private static let minPartBytes = 32
    private static let maxPrefixBytes = 200
    private static let entities: [(name: [UInt8], text: UInt8)] = [
        ("lt;", 0x3C), ("gt;", 0x3E), ("quot;", 0x22), ("apos;", 0x27), ("nbsp;", 0x20), ("lbrace;", 0x7B),
        ("lcub;", 0x7B), ("rcub;", 0x7D), ("lbrack;", 0x5B), ("rbrack;", 0x5D), ("colon;", 0x3A), ("Tab;", 0x09),
        ("NewLine;", 0x0A),
    ].map { (Array($0.utf8), $1) }

    /// Returns a text without what escapes add, however often it was escaped, also if one kind contains the other.
    static func plain(_ text: some Sequence<UInt8>) -> [UInt8] { unescaped(unescaped(text)) }

    private static func unescaped(_ text: some Sequence<UInt8>) -> [UInt8] {
        let bytes = Array(text)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            switch byte {
            case 0x5C: appendEscape(bytes, &at, to: &result)
            case 0x26: appendEntity(bytes, &at, to: &result)
            default: result.append(byte)
            }
        }
        return result
    }

    /// Returns a text without white space.
    static func packed(_ text: [UInt8]) -> [UInt8] { text.filter { $0 > 0x20 } }

    private static func appendEscape(_ bytes: [UInt8], _ at: inout Int, to result: inout [UInt8]) {
        while at < bytes.count, bytes[at] == 0x5C { at += 1 }
        guard at < bytes.count else { return }
        switch bytes[at] {
        case UInt8(ascii: "n"), UInt8(ascii: "r"):
            result.append(0x0A)
            at += 1
        case UInt8(ascii: "t"):
            result.append(0x09)
            at += 1
        case UInt8(ascii: "u"):
            guard let scalar = scalar(bytes[(at + 1)...].prefix(4), 16, 4) else { return }
            result += String(Character(scalar)).utf8
            at += 5
        case UInt8(ascii: "x"):
            guard let scalar = scalar(bytes[(at + 1)...].prefix(2), 16, 2) else { return }
            result += String(Character(scalar)).utf8
            at += 3
        default: break
        }
    }

    private static func appendEntity(_ bytes: [UInt8], _ at: inout Int, to result: inout [UInt8]) {
        while bytes[at...].starts(with: "amp;".utf8) { at += 4 }
        if let entity = entities.first(where: { bytes[at...].starts(with: $0.name) }) {
            result.append(entity.text)
            at += entity.name.count
            return
        }
        guard at < bytes.count, bytes[at] == 0x23, let end = bytes[at...].prefix(10).firstIndex(of: 0x3B) else {
            return result.append(0x26)
        }
        let isHex = at + 1 < end && bytes[at + 1] | 0x20 == 0x78
        guard let scalar = scalar(bytes[(at + (isHex ? 2 : 1))..<end], isHex ? 16 : 10, nil) else {
            return result.append(0x26)
        }
        result += String(Character(scalar)).utf8
        at = end + 1
    }

    private static func scalar(_ digits: ArraySlice<UInt8>, _ radix: Int, _ count: Int?) -> Unicode.Scalar? {
        guard !digits.isEmpty, count == nil || digits.count == count else { return nil }
        return UInt32(String(decoding: digits, as: UTF8.self), radix: radix).flatMap(Unicode.Scalar.init)
    }

    // MARK: - Lines

    /// Returns a text without the numbers, names of files and signs that programs write before lines; `nil` if it has
    /// none.
    static func withoutLinePrefixes(_ text: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var at = 0
        while at < text.count {
            let end = text[at...].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? text.count
            result += text[prefixEnd(text[at..<end])..<end]
            if end < text.count { result.append(0x0A) }
            at = end + 1
        }
        return result.count < text.count ? result : nil
    }

    /// Returns the end of what stands before a line: `  12\t`, `12:`, `notes.txt:12:`, `> `, `+`, `| `, `// `.
    private static func prefixEnd(_ line: ArraySlice<UInt8>) -> Int {
        let content = line.drop { $0 <= 0x20 }
        if let end = numberEnd(content) { return end }
        // The name of a file comes first.
        let name = content.prefix(maxPrefixBytes).prefix { $0 > 0x20 }
        for place in name.indices where name[place] == 0x3A || name[place] == 0x2D {
            if let end = numberEnd(content[(place + 1)...]) { return end }
        }
        guard let sign = content.first, ">+-|#*/;%".utf8.contains(sign) else { return content.startIndex }
        return content.drop { $0 <= 0x20 || $0 == sign }.startIndex
    }

    private static func numberEnd(_ line: ArraySlice<UInt8>) -> Int? {
        let rest = line.drop { $0 <= 0x20 }
        let digits = rest.prefix(9).prefix { 0x30...0x39 ~= $0 }
        let behind = rest[digits.endIndex...]
        guard !digits.isEmpty, let sign = behind.first else { return nil }
        if sign <= 0x20 { return behind.drop { $0 <= 0x20 || $0 == 0x7C }.startIndex }
        if ":-|).=;".utf8.contains(sign) { return digits.endIndex + 1 }
        // `→`, `│`
        return sign == 0xE2 ? min(digits.endIndex + 3, line.endIndex) : nil
    }

    // MARK: - Base64

    /// Returns what parts of a text mean in base64, as far as it is text.
    static func encoded(in text: [UInt8]) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var left = maxPartBytes
        var part: [UInt8] = []
        var at = 0
        func end() {
            if part.count >= minPartBytes, part.count <= left, found.count < maxParts, let decoded = base64(part) {
                found.append(decoded)
                left -= part.count
            }
            part = []
        }
        while at < text.count {
            if value(text[at]) != nil {
                part.append(text[at])
                at += 1
                continue
            }
            // Programs break lines within it.
            let blanks = text[at...].prefix { $0 <= 0x20 }
            if !blanks.isEmpty, blanks.contains(0x0A), part.count >= minPartBytes {
                at = blanks.endIndex
                continue
            }
            end()
            at = max(at + 1, blanks.endIndex)
        }
        end()
        return found
    }

    private static func value(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x41...0x5A: UInt32(byte) - 0x41
        case 0x61...0x7A: UInt32(byte) - 0x61 + 26
        case 0x30...0x39: UInt32(byte) - 0x30 + 52
        case 0x2B, 0x2D: 62
        case 0x2F, 0x5F: 63
        default: nil
        }
    }

    /// Decodes base64; `nil` if it begins with anything but text.
    private static func base64(_ text: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(text.count * 3 / 4)
        var bits: UInt32 = 0
        var count = 0
        for byte in text {
            guard let value = value(byte) else { return nil }
            bits = bits << 6 | value
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            let decoded = UInt8(truncatingIfNeeded: bits >> UInt32(count))
            if result.count < minPartBytes / 2, decoded < 0x20, ![0x09, 0x0A, 0x0D].contains(decoded) { return nil }
            result.append(decoded)
        }
        return result
    }
}
