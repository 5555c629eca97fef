/// A stream of a command that was cut in the middle: its parts, and the notice between them that the guest writes
/// (`guest/output.py`).
public enum TruncatedStream {
    /// A part of the stream.
    public enum Part: Sendable, Equatable {
        /// What the command printed, without a line end that the guest added.
        case text(String)
        /// A line that says how much was left out, with its line end.
        case notice(String)
    }

    private static let (start, middle, end) = ("[… ", " bytes left out: ", " …]")

    /// Returns the parts of a stream. A line of the command itself that looks like the notice counts as one.
    public static func parts(of stream: String) -> [Part] {
        var parts: [Part] = []
        var text = Substring()
        var rest = stream[...]
        while !rest.isEmpty {
            // By bytes: a line end of two characters is one `Character`.
            let lineEnd =
                rest.utf8.firstIndex(of: UInt8(ascii: "\n")).map { rest.utf8.index(after: $0) } ?? rest.endIndex
            let line = rest[..<lineEnd]
            rest = rest[lineEnd...]
            guard isNotice(line) else {
                text = text.isEmpty ? line : stream[text.startIndex..<line.endIndex]
                continue
            }
            // The end of the line before may be the guest's.
            if text.utf8.last == UInt8(ascii: "\n") {
                text = stream[text.startIndex..<text.utf8.index(before: text.endIndex)]
            }
            parts += [.text(String(text)), .notice((text.isEmpty ? "" : "\n") + line)]
            text = Substring()
        }
        return parts + [.text(String(text))]
    }

    private static func isNotice(_ line: Substring) -> Bool {
        guard line.hasPrefix(start) else { return false }
        let rest = line.dropFirst(start.count)
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        return !digits.isEmpty && rest.dropFirst(digits.count).hasPrefix(middle)
            && line.dropLast(line.utf8.last == UInt8(ascii: "\n") ? 1 : 0).hasSuffix(end)
    }
}
