/// Incremental parser for a response's head, which libcurl delivers line by line, including the heads of interim
/// responses.
struct CurlHead {
    /// Total size of all lines so far, in bytes.
    private(set) var size = 0
    private var status: Int?
    private var retryAfter: String?
    private var location: String?
    /// Whether the head has been returned. Any further lines are trailers.
    private var isOver = false

    /// Adds a line, including its terminator.
    ///
    /// - Returns: the head, once it is complete.
    mutating func feed(_ line: UnsafeRawBufferPointer) -> UpstreamResponseHead? {
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

    private mutating func finish() -> UpstreamResponseHead? {
        // A status below 200 is interim: another head follows.
        guard let status, status >= 200 else { return nil }
        isOver = true
        return UpstreamResponseHead(status: status, retryAfter: retryAfter, location: location)
    }
}
