import JSON

/// Shortens long texts to their beginning and end.
enum Excerpt {
    /// The streams in a command's result.
    private static let streams = ["stdout", "stderr"]

    /// Shortens a tool's result to about `limit` bytes. For a command's result, only the streams are cut, so it remains
    /// valid JSON.
    static func ofResult(_ text: String, limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        guard case .object(var result)? = try? JSON.parse(text), result["stdout"]?.stringValue != nil else {
            return of(text, limit: limit)
        }
        let long = streams.filter { (result[$0]?.stringValue?.utf8.count ?? 0) > limit / 2 }
        for stream in long {
            guard let content = result[stream]?.stringValue else { continue }
            result[stream] = .string(of(content, limit: long.count > 1 ? limit / 2 : limit * 3 / 4))
        }
        // The streams may be short while another member is long, or may expand because of JSON escapes.
        let cut = JSON.object(result).text
        return cut.utf8.count <= limit * 2 ? cut : of(cut, limit: limit)
    }

    /// Returns the beginning and the end of a text, with a line between them that states how much is missing.
    static func of(_ text: String, limit: Int) -> String {
        let bytes = Array(text.utf8)
        guard bytes.count > limit else { return text }
        var head = limit * 3 / 5
        while head > 0, isInsideCharacter(bytes[head]) { head -= 1 }
        var tail = bytes.count - (limit - limit * 3 / 5)
        while tail < bytes.count, isInsideCharacter(bytes[tail]) { tail += 1 }
        return """
            \(String(decoding: bytes[..<head], as: UTF8.self))
            [… \(tail - head) bytes are left out here; for the rest, write it to a file and read that in parts …]
            \(String(decoding: bytes[tail...], as: UTF8.self))
            """
    }

    private static func isInsideCharacter(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }
}
