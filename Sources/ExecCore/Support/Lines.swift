extension StringProtocol {
    /// The lines of a text from an external source, with any line ending: LF, CRLF or CR.
    ///
    /// To Swift, CRLF is a character of its own, so a split at `"\n"` doesn't find it.
    public var lines: [String] {
        var lines: [[UInt8]] = [[]]
        var previous: UInt8 = 0
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "\n") where previous == UInt8(ascii: "\r"): break
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"): lines.append([])
            default: lines[lines.count - 1].append(byte)
            }
            previous = byte
        }
        return lines.map { String(decoding: $0, as: UTF8.self) }
    }
}
