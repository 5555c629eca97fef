import Diagnostics
import JSON

private typealias Name = ReadFile.ResultName

/// The note to the reader that accompanies a page of text: what is not shown, and what an edit would destroy.
public enum PageRemark {
    private static let lineIsCut = " is longer than a page: its first "

    /// Whether a remark says that a page ends within a line.
    public static func saysLineIsCut(_ remark: String) -> Bool { remark.contains(lineIsCut) }

    /// - Parameters:
    ///   - result: the guest's description of the page.
    ///   - offset: the first line that was requested, from 0.
    ///   - isEmpty: whether the page has no text.
    ///   - limit: maximum size of a page, in bytes.
    /// - Returns: `nil` if there is nothing to note.
    static func text(on result: JSON, offset: Int, isEmpty: Bool, limit: Int) -> String? {
        let remarks = [
            isEmpty ? emptiness(offset) : nil, continuation(result, offset, limit), encoding(result[Name.notUTF8]),
            result[Name.hasMark] == true
                ? "The file starts with a byte order mark (U+FEFF), the first character above: keep it when you edit."
                : nil,
            result[Name.endsLinesWithCR] == true
                ? #"Its lines end with a carriage return alone (\r), so that all of them count as one line here."#
                : nil,
        ].compactMap { $0 }
        return remarks.isEmpty ? nil : remarks.joined(separator: "\n")
    }

    private static func emptiness(_ offset: Int) -> String {
        offset == 0 ? "(empty file)" : "(no lines)"
    }

    private static func continuation(_ result: JSON, _ offset: Int, _ limit: Int) -> String? {
        guard let lines = result[Name.lines]?.countValue, let next = result[Name.next]?.countValue else { return nil }
        if let cut = result[Name.lineCutAt]?.countValue {
            return """
                Line \(offset + 1)\(lineIsCut)\(cut) bytes are shown. Continue with the next line \
                at offset=\(next), or split the line with execute_bash.
                """
        }
        return """
            Lines \(offset + 1) to \(offset + lines) are shown; a page holds at most \(limit) bytes. Continue with \
            offset=\(next).
            """
    }

    private static func encoding(_ flaws: JSON?) -> String? {
        guard let flaws, let count = flaws[Name.Flaws.bytes]?.countValue, let line = flaws[Name.Flaws.line]?.countValue
        else {
            return nil
        }
        let names = (flaws[Name.Flaws.perhaps]?.arrayValue ?? []).compactMap(\.stringValue).filter(isEncodingName)
            .prefix(2)
        let guess = names.isEmpty ? "" : "; perhaps \(names.joined(separator: " or "))"
        return """
            This is not UTF-8: \(count.counted("byte")) from line \(line) on \
            \(count == 1 ? "is" : "are") shown as \u{FFFD}\(guess). Do not write it back: that would destroy what is \
            not shown. Convert the file first: iconv -f \(names.first ?? "ENCODING") -t UTF-8 FILE > NEW
            """
    }

    /// Whether the guest's guess has the form of an encoding name. It becomes part of a recommended command, so it
    /// must be harmless.
    private static func isEncodingName(_ name: String) -> Bool {
        (1...20).contains(name.utf8.count)
            && name.utf8.allSatisfy { UInt8(ascii: "-") == $0 || UInt8(ascii: "_") == $0 || isLetterOrDigit($0) }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
