import JSON

/// The beginning and the end of what is too long.
enum Excerpt {
    /// The streams in the result of a command.
    private static let streams = ["stdout", "stderr"]

    /// A tool's result in about `limit` bytes. Where it is a command's, its streams are cut and it stays JSON.
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
        // The streams may be short and something else long, or full of what JSON escapes.
        let cut = JSON.object(result).text
        return cut.utf8.count <= limit * 2 ? cut : of(cut, limit: limit)
    }

    /// The head and the tail of a text, with a line between them that says how much is missing.
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
