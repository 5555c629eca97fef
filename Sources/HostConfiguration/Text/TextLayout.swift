/// Questions about the lines of a text, for those who write into it as its author would have. A line ends with LF, CR LF
/// or CR.
struct TextLayout {
    static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    let bytes: [UInt8]
    /// How its lines end: as the first one does.
    let newline: String

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        let end = bytes.firstIndex(where: Self.isBreak)
        newline =
            switch end.map({ bytes[$0...].prefix(2) }) {
            case .some(let found) where found.elementsEqual("\r\n".utf8): "\r\n"
            case .some(let found) where found.first == UInt8(ascii: "\r"): "\r"
            default: "\n"
            }
    }

    /// Where the text begins, behind a byte order mark.
    var start: Int { bytes.starts(with: Self.byteOrderMark) ? Self.byteOrderMark.count : 0 }

    /// The line that a place is on, counted from 1.
    func line(at place: Int) -> Int {
        var line = 1
        for index in 0..<place where Self.isBreak(bytes[index]) {
            let isPartOfNext =
                bytes[index] == UInt8(ascii: "\r") && bytes[(index + 1)...].first == UInt8(ascii: "\n")
            if !isPartOfNext { line += 1 }
        }
        return line
    }

    /// Where the line of a place begins.
    func lineStart(of place: Int) -> Int {
        // The line feed of a CR LF is on the line that it ends.
        let isHalf = place > start && bytes[(place - 1)...].starts(with: "\r\n".utf8)
        return bytes[start..<(isHalf ? place - 1 : place)].lastIndex(where: Self.isBreak).map { $0 + 1 } ?? start
    }

    /// Where the line of a place ends, behind its break.
    func lineEnd(of place: Int) -> Int {
        guard let end = bytes[place...].firstIndex(where: Self.isBreak) else { return bytes.count }
        return end + (bytes[end...].starts(with: "\r\n".utf8) ? 2 : 1)
    }

    /// The white space that the line of a place begins with.
    func indentation(ofLineAt place: Int) -> String {
        let blanks = bytes[lineStart(of: place)...].prefix(while: Self.isBlank)
        return String(decoding: blanks, as: UTF8.self)
    }

    /// The white space before a place, where nothing else stands before it on its line.
    func indentationAlone(before place: Int) -> String? {
        // Not by way of the line's start: a whole file may be one line, and this is asked often.
        var start = place
        while start > self.start, Self.isBlank(bytes[start - 1]) { start -= 1 }
        guard start == self.start || Self.isBreak(bytes[start - 1]) else { return nil }
        return String(decoding: bytes[start..<place], as: UTF8.self)
    }

    /// What has to stand between the text and lines that are put to its end.
    var separatorAtEnd: String {
        guard bytes.count > start else { return "" }
        guard bytes.last.map(Self.isBreak) == true else { return newline + newline }
        let lastLine = bytes[lineStart(of: bytes.count - 1)...]
        return lastLine.allSatisfy(Self.isWhiteSpace) ? "" : newline
    }

    static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }

    /// Whether the byte ends a line, or is half of what does.
    static func isBreak(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
    }

    static func isWhiteSpace(_ byte: UInt8) -> Bool {
        isBlank(byte) || isBreak(byte)
    }
}
