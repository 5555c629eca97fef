/// What looks like a token: `<`, a kind, hyphens, hexadecimal digits, perhaps `.` and a number, `>`.
///
/// One hyphen makes a token. In a text that really has such a thing, a hyphen is added when it leaves and removed when
/// it comes back: so what comes back is always what left. Two of them never overlap, as `<` and `>` are only at the ends.
struct TokenSyntax {
    static let hexDigits = 6
    private static let (minHexDigits, maxHexDigits, maxNumberDigits) = (5, 64, 9)

    /// The range of the whole.
    let range: Range<Int>
    /// The range of the hyphens.
    let hyphens: Range<Int>

    /// Whether it is a token, and not one with hyphens added.
    var isToken: Bool { hyphens.count == 1 }

    /// Parses what starts at a place; `nil` if it looks like no token.
    ///
    /// - Parameter kinds: the names of the kinds.
    init?(in text: ScannedText, at start: Int, kinds: Set<[UInt8]>) {
        guard text[start] == UInt8(ascii: "<") else { return nil }
        var place = start + 1
        while text[place].isWordByte, place - start <= PrivateDataKind.maxNameLength { place += 1 }
        let name = start + 1..<place
        while text[place] == UInt8(ascii: "-") { place += 1 }
        hyphens = name.upperBound..<place
        guard !name.isEmpty, !hyphens.isEmpty, kinds.contains(text.bytes[name].map(\.lowercased)) else { return nil }
        let digits = place
        while text[place].isHexDigit { place += 1 }
        guard (Self.minHexDigits...Self.maxHexDigits).contains(place - digits) else { return nil }
        if text[place] == UInt8(ascii: ".") {
            let end = text.endOfDigits(from: place + 1)
            guard (1...Self.maxNumberDigits).contains(end - place - 1) else { return nil }
            place = end
        }
        guard text[place] == UInt8(ascii: ">") else { return nil }
        range = start..<place + 1
    }

    /// Returns all that looks like a token in a text, in order.
    static func all(in text: ScannedText, kinds: Set<[UInt8]>) -> [TokenSyntax] {
        var found: [TokenSyntax] = []
        var place = 0
        while place < text.count {
            guard text.bytes[place] == UInt8(ascii: "<") else {
                place += 1
                continue
            }
            if let syntax = TokenSyntax(in: text, at: place, kinds: kinds) {
                found.append(syntax)
                place = syntax.range.upperBound
            } else {
                place += 1
            }
        }
        return found
    }
}
