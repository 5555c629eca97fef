extension StringProtocol {
    /// The lines of a text of others, whichever way they end: LF, CRLF or CR.
    ///
    /// To Swift CRLF is a character of its own, so that a split at `"\n"` finds none of them.
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
