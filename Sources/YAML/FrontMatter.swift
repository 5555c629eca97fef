public import JSON

/// A file that starts with a YAML map between two `---` lines (front matter), followed by text.
public struct FrontMatter: Sendable, Equatable {
    /// The maximum size of the front matter in bytes.
    public static let maxSize = 65536

    /// The map; empty if there is nothing between the two lines.
    public let metadata: JSONObject
    /// The text after the line that ends the front matter, unchanged.
    public let body: String
    /// The line number in the file on which the body starts, counted from 1.
    public let bodyLine: Int

    /// Splits a file into front matter and body.
    ///
    /// The first line must be `---` (after a byte order mark, if there is one); the front matter ends with a line
    /// `---` or `...`. White space at the end of either line is ignored.
    ///
    /// - Throws: ``YAMLError`` with the line in the file, also if there is no front matter.
    public static func parse(_ text: String) throws(YAMLError) -> FrontMatter {
        // Nothing beyond the maximum size is read, however long the file is.
        let head = Array(text.utf8.prefix(maxSize + 1))
        let first = head.starts(with: SourceText.byteOrderMark) ? SourceText.byteOrderMark.count : 0
        var (end, next) = SourceText.lineEnd(in: head, from: first)
        guard isMarker(head[first..<end], "---") else {
            throw YAMLError(reason: "no front matter: the file does not start with a line '---'", line: 1)
        }
        let start = next
        var line = 1
        while next < head.count {
            let lineStart = next
            (end, next) = SourceText.lineEnd(in: head, from: lineStart)
            line += 1
            guard next <= maxSize else { break }
            guard isMarker(head[lineStart..<end], "---") || isMarker(head[lineStart..<end], "...") else { continue }
            let body = Substring(text.utf8.dropFirst(next))
            let metadata = try parseMetadata(Array(head[start..<lineStart]))
            return FrontMatter(metadata: metadata, body: String(body), bodyLine: line + 1)
        }
        guard head.count <= maxSize else {
            throw YAMLError(reason: "the front matter is larger than \(maxSize) bytes", line: 1)
        }
        throw YAMLError(reason: "the front matter has no closing line '---'", line: 1)
    }

    private static func parseMetadata(_ utf8: [UInt8]) throws(YAMLError) -> JSONObject {
        switch try YAML.parse(utf8, firstLine: 2) {
        case .object(let metadata): return metadata
        case .null: return JSONObject()
        case let other:
            throw YAMLError(reason: "the front matter is \(other.kindDescription), not lines of 'key: value'", line: 2)
        }
    }

    private static func isMarker(_ line: ArraySlice<UInt8>, _ marker: StaticString) -> Bool {
        line.trimmingBlankSuffix.elementsEqual(
            UnsafeBufferPointer(start: marker.utf8Start, count: marker.utf8CodeUnitCount))
    }
}
