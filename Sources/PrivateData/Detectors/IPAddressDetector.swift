/// IP addresses, except those that say nothing about anybody: loopback, unspecified, documentation, masks, networks.
enum IPAddressDetector {
    private static let versionWords: Set<[UInt8]> = Set(
        [
            "v", "ver", "version", "versions", "release", "rev", "build", "oid", "section", "sections", "chapter",
            "clause",
            "paragraph", "article", "figure", "fig", "table", "appendix",
        ].map { Array($0.utf8) })
    /// The longest name that is read to see whether it ends in `Version`.
    private static let maxName = 32

    // MARK: - Version 4

    /// Returns the range of the address whose first digits are at a place; `nil` if none.
    static func match(in text: ScannedText, digits: Range<Int>) -> Range<Int>? {
        let start = digits.lowerBound
        guard digits.count <= 3, text[digits.upperBound] == UInt8(ascii: "."), !text.isGlued(before: start),
            !text.isJoined(before: start), text[start - 1] != UInt8(ascii: ".")
        else { return nil }
        var address = 0
        var (place, groups) = (start, 0)
        while groups < 4 {
            let end = text.endOfDigits(from: place)
            guard (1...3).contains(end - place), end - place == 1 || text[place] != UInt8(ascii: "0") else {
                return nil
            }
            let value = text.bytes[place..<end].reduce(0) { $0 * 10 + $1.digitValue }
            guard value <= 255 else { return nil }
            address = address << 8 | value
            groups += 1
            place = end
            if groups < 4 {
                guard text[place] == UInt8(ascii: ".") else { return nil }
                place += 1
            }
        }
        guard !text.isGlued(after: place), !text.isJoined(after: place), !isReserved(address),
            !isNetwork(address, text, place), !isVersion(text, start)
        else { return nil }
        return start..<place
    }

    private static func isReserved(_ address: Int) -> Bool {
        // 0/8, 127/8 and 255/8 (which masks are); 192.0.2/24, 198.51.100/24 and 203.0.113/24 (RFC 5737).
        [0, 127, 255].contains(address >> 24) || [0xC000_02, 0xC633_64, 0xCB00_71].contains(address >> 8)
    }

    /// Whether the length of a prefix follows that leaves nothing of the address: `10.0.0.0/8`.
    private static func isNetwork(_ address: Int, _ text: ScannedText, _ end: Int) -> Bool {
        guard text[end] == UInt8(ascii: "/") else { return false }
        let digits = end + 1..<text.endOfDigits(from: end + 1)
        guard (1...2).contains(digits.count) else { return false }
        let length = text.bytes[digits].reduce(0) { $0 * 10 + $1.digitValue }
        return length < 32 && address & (1 << (32 - length) - 1) == 0
    }

    /// Whether four numbers are a version, or those of a section: `v1.2.3.4`, `version 1.2.3.4`, `name==1.2.3.4`,
    /// `Name/1.2.3.4`, `AssemblyVersion("1.2.3.4")`, `<Version>1.2.3.4`.
    static func isVersion(_ text: ScannedText, _ start: Int) -> Bool {
        if text[start - 1] == UInt8(ascii: "/") { return text[start - 2].isLetter }
        var (place, equals) = (start - 1, 0)
        while start - place <= 6, " :=\"'([\\".utf8.contains(text[place]) {
            equals += text[place] == UInt8(ascii: "=") ? 1 : 0
            place -= 1
        }
        if equals > 1 || equals == 1 && "<>~!".utf8.contains(text[place]) { return true }
        if equals == 0, place == start - 1, text[place] == UInt8(ascii: ">") { place -= 1 }
        // `__version__`.
        for _ in 0..<2 where text[place] == UInt8(ascii: "_") { place -= 1 }
        var first = place
        while place - first <= maxName, text[first].isLetter { first -= 1 }
        guard first < place else { return false }
        let word = text.bytes[first + 1...place].map(\.lowercased)
        return versionWords.contains(word) || word.suffix(7).elementsEqual("version".utf8)
    }

    // MARK: - Version 6

    /// Returns the range of the address whose first colon is at a place; `nil` if none.
    static func match(in text: ScannedText, colon: Int) -> Range<Int>? {
        var start = colon
        while start > 0, colon - start < 4, text[start - 1].isHexDigit { start -= 1 }
        let before = text[start - 1]
        guard before != UInt8(ascii: ":"), before != UInt8(ascii: "."), !text.isGlued(before: start) else { return nil }
        var (place, groups, gap, hasDigit, isLong) = (start, [Int](), -1, false, false)
        while true {
            var (end, value) = (place, 0)
            while end - place < 4, text[end].isHexDigit {
                hasDigit = hasDigit || text[end].isDigit
                value = value << 4 | (text[end].isDigit ? text[end].digitValue : Int(text[end] | 0x20) - 0x57)
                end += 1
            }
            if end > place {
                groups.append(value)
                isLong = isLong || end - place > 2
            }
            guard groups.count <= 8, text[end] == UInt8(ascii: ":") else {
                place = end
                break
            }
            if text[end + 1] == UInt8(ascii: ":") {
                guard gap < 0 else { return nil }
                gap = groups.count
                place = end + 2
                guard text[place].isHexDigit else { break }
            } else {
                // One that ends a phrase: `2001:db8::1: refused`.
                guard text[end + 1].isHexDigit, end > place else {
                    place = end
                    break
                }
                place = end + 1
            }
        }
        guard hasDigit, !text.isGlued(after: place), text[place] != UInt8(ascii: ":") || !text[place + 1].isWordByte,
            gap >= 0 ? groups.count < 8 && isLong : groups.count == 8, isAssigned(groups, gap),
            !isReserved(groups, gap),
            !isNetwork(text, place, endsWithGap: gap == groups.count)
        else { return nil }
        return start..<place
    }

    /// Whether addresses of machines begin so: others are names and numbers with colons between them.
    private static func isAssigned(_ groups: [Int], _ gap: Int) -> Bool {
        guard gap != 0, let first = groups.first else { return true }
        return switch first {
        // Global, of sites, of links, and translated ones (RFC 6052).
        case 0x2000...0x3FFF, 0xFC00...0xFDFF, 0xFE80...0xFEBF: true
        case 0x64: groups.count > 1 && groups[1] == 0xFF9B
        default: false
        }
    }

    private static func isReserved(_ groups: [Int], _ gap: Int) -> Bool {
        // ::, ::1, and 2001:db8::/32 (RFC 3849).
        let isLoopback = gap == 0 && (groups.isEmpty || groups == [1])
        return isLoopback || groups.count > 1 && groups[0] == 0x2001 && groups[1] == 0xDB8 && gap != 1
    }

    private static func isNetwork(_ text: ScannedText, _ end: Int, endsWithGap: Bool) -> Bool {
        endsWithGap && text[end] == UInt8(ascii: "/") && text[end + 1].isDigit
    }
}
