/// The line structure of a text, used to make edits in the style of its author. A line ends with LF, CR LF or CR.
struct TextLayout {
    static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    let bytes: [UInt8]
    /// The line break of the text: that of its first line.
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

    /// The start of the text, after a byte order mark.
    var start: Int { bytes.starts(with: Self.byteOrderMark) ? Self.byteOrderMark.count : 0 }

    /// Returns the number of the line that contains an offset, counted from 1.
    func line(at place: Int) -> Int {
        var line = 1
        for index in 0..<place where Self.isBreak(bytes[index]) {
            let isPartOfNext =
                bytes[index] == UInt8(ascii: "\r") && bytes[(index + 1)...].first == UInt8(ascii: "\n")
            if !isPartOfNext { line += 1 }
        }
        return line
    }

    /// Returns the start of the line that contains an offset.
    func lineStart(of place: Int) -> Int {
        // The LF of a CR LF belongs to the line that it ends.
        let isHalf = place > start && bytes[(place - 1)...].starts(with: "\r\n".utf8)
        return bytes[start..<(isHalf ? place - 1 : place)].lastIndex(where: Self.isBreak).map { $0 + 1 } ?? start
    }

    /// Returns the end of the line that contains an offset, including its line break.
    func lineEnd(of place: Int) -> Int {
        guard let end = bytes[place...].firstIndex(where: Self.isBreak) else { return bytes.count }
        return end + (bytes[end...].starts(with: "\r\n".utf8) ? 2 : 1)
    }

    /// Returns the white space at the start of the line that contains an offset.
    func indentation(ofLineAt place: Int) -> String {
        let blanks = bytes[lineStart(of: place)...].prefix(while: Self.isBlank)
        return String(decoding: blanks, as: UTF8.self)
    }

    /// Returns the white space before an offset; `nil` if other text precedes the offset on its line.
    func indentationAlone(before place: Int) -> String? {
        // Doesn't look up the start of the line: a whole file may be one line, and this is called often.
        var start = place
        while start > self.start, Self.isBlank(bytes[start - 1]) { start -= 1 }
        guard start == self.start || Self.isBreak(bytes[start - 1]) else { return nil }
        return String(decoding: bytes[start..<place], as: UTF8.self)
    }

    /// The line breaks needed between the text and lines appended to it.
    var separatorAtEnd: String {
        guard bytes.count > start else { return "" }
        guard bytes.last.map(Self.isBreak) == true else { return newline + newline }
        let lastLine = bytes[lineStart(of: bytes.count - 1)...]
        return lastLine.allSatisfy(Self.isWhiteSpace) ? "" : newline
    }

    static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }

    /// Whether the byte is a line break or half of one.
    static func isBreak(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
    }

    static func isWhiteSpace(_ byte: UInt8) -> Bool {
        isBlank(byte) || isBreak(byte)
    }
}
