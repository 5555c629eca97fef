/// A document's text, split into lines.
struct SourceText {
    /// A line without its line break.
    struct Line {
        /// The range of its bytes.
        let range: Range<Int>
        /// The number of leading spaces.
        let indent: Int
        /// The index of the first byte that is neither a space nor a tab; the end if the line is blank.
        let contentStart: Int
        /// Whether the line ends with a line break instead of the end of the text.
        let hasBreak: Bool

        var isBlank: Bool { contentStart == range.upperBound }
    }

    let bytes: [UInt8]
    let firstLine: Int
    private(set) var lines: [Line] = []

    /// Splits `bytes` at LF, CR LF and CR, and skips a byte order mark.
    ///
    /// - Throws: ``YAMLError`` if there is a control character: YAML allows none but the tab.
    init(_ bytes: [UInt8], firstLine: Int) throws(YAMLError) {
        self.bytes = bytes
        self.firstLine = firstLine
        var start = bytes.starts(with: Self.byteOrderMark) ? Self.byteOrderMark.count : 0
        while start < bytes.count {
            let (end, next) = Self.lineEnd(in: bytes, from: start)
            if let control = Self.firstControl(in: bytes[start..<end]) {
                let code = String(control, radix: 16, uppercase: true)
                let zeros = String(repeating: "0", count: 4 - code.count)
                throw YAMLError(reason: "control character U+\(zeros)\(code)", line: firstLine + lines.count)
            }
            lines.append(line(start..<end, hasBreak: next > end))
            start = next
        }
    }

    static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// Returns the end of the line that contains `start`, and the start of the next one.
    static func lineEnd(in bytes: [UInt8], from start: Int) -> (end: Int, next: Int) {
        var end = start
        while end < bytes.count, bytes[end] != Ascii.lineFeed, bytes[end] != Ascii.carriageReturn { end += 1 }
        guard end < bytes.count else { return (end, end) }
        let isPair = bytes[end] == Ascii.carriageReturn && end + 1 < bytes.count && bytes[end + 1] == Ascii.lineFeed
        return (end, end + (isPair ? 2 : 1))
    }

    private func line(_ range: Range<Int>, hasBreak: Bool) -> Line {
        let content = bytes[range].firstIndex { !Ascii.isBlank($0) } ?? range.upperBound
        let indent = bytes[range.lowerBound..<content].prefix { $0 == Ascii.space }.count
        return Line(range: range, indent: indent, contentStart: content, hasBreak: hasBreak)
    }

    /// Returns the first control character: C0 (except the tab), DEL or C1 (except NEL).
    private static func firstControl(in bytes: ArraySlice<UInt8>) -> UInt8? {
        var previous: UInt8 = 0
        for byte in bytes {
            if byte < 0x20 && byte != Ascii.tab || byte == 0x7F { return byte }
            // The code points 0x80 to 0x9F are encoded as 0xC2 and a second byte.
            if previous == 0xC2, byte < 0xA0, byte != 0x85 { return byte }
            previous = byte
        }
        return nil
    }
}
