/// The head of an answer, of which libcurl gives line after line, also of those that are no final answer.
struct CurlHead {
    /// Bytes of all lines so far.
    private(set) var size = 0
    private var status: Int?
    private var retryAfter: String?
    private var location: String?
    /// Whether the head has been told. What comes then are the trailers.
    private var isOver = false

    /// Takes a line with its end.
    ///
    /// - Returns: the head, once it is whole.
    mutating func feed(_ line: UnsafeRawBufferPointer) -> ResponseHead? {
        size += line.count
        guard !isOver else { return nil }
        let text = String(decoding: line, as: UTF8.self).trimmed
        if text.isEmpty { return finish() }
        if text.hasPrefix("HTTP/") {
            // "HTTP/1.1 200 OK", "HTTP/2 200"
            status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
            retryAfter = nil
            location = nil
            return nil
        }
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let value = String(text[text.index(after: colon)...]).trimmed
        switch text[..<colon].lowercased() {
        case "retry-after": retryAfter = value
        case "location": location = value
        default: break
        }
        return nil
    }

    private mutating func finish() -> ResponseHead? {
        // Another head follows those below 200.
        guard let status, status >= 200 else { return nil }
        isOver = true
        return ResponseHead(status: status, retryAfter: retryAfter, location: location)
    }
}
