/// Questions about the lines of a text, for those who write into it as its author would have.
struct Layout {
    static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    let bytes: [UInt8]
    /// How its lines end: as the first one does.
    let newline: String

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        let first = bytes.firstIndex(of: UInt8(ascii: "\n"))
        newline = first.map { $0 > 0 && bytes[$0 - 1] == UInt8(ascii: "\r") } == true ? "\r\n" : "\n"
    }

    /// Where the text begins, behind a byte order mark.
    var start: Int { bytes.starts(with: Self.byteOrderMark) ? Self.byteOrderMark.count : 0 }

    /// The line that a place is on, counted from 1.
    func line(at place: Int) -> Int {
        bytes[..<place].reduce(into: 1) { line, byte in if byte == UInt8(ascii: "\n") { line += 1 } }
    }

    /// Where the line of a place begins.
    func lineStart(of place: Int) -> Int {
        bytes[start..<place].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? start
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
        guard start == self.start || bytes[start - 1] == UInt8(ascii: "\n") else { return nil }
        return String(decoding: bytes[start..<place], as: UTF8.self)
    }

    /// What has to stand between the text and lines that are put to its end.
    var separatorAtEnd: String {
        guard bytes.count > start else { return "" }
        guard bytes.last == UInt8(ascii: "\n") else { return newline + newline }
        let lastLine = bytes[lineStart(of: bytes.count - 1)...]
        return lastLine.allSatisfy(Self.isWhiteSpace) ? "" : newline
    }

    static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }

    static func isWhiteSpace(_ byte: UInt8) -> Bool {
        isBlank(byte) || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
    }
}
