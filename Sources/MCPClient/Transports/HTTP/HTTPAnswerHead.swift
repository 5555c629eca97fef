/// The status and the headers of a response, as curl writes them before the body.
struct HTTPAnswerHead: Sendable, Equatable {
    let status: Int
    /// The words after the status; often empty.
    let reason: String
    /// By name in lower case; of several headers with one name, the first.
    let headers: [String: String]

    /// Parses a head, without the blank line that ends it.
    ///
    /// - Returns: `nil` if it isn't one.
    init?(_ bytes: some Collection<UInt8>) {
        var lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
        guard !lines.isEmpty else { return nil }
        let words = lines.removeFirst().split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/"), words[1].utf8.count == 3, let status = Int(words[1]) else {
            return nil
        }
        self.status = status
        reason = words.count > 2 ? String(words[2]) : ""
        var headers: [String: String] = [:]
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let name = line[..<colon].lowercased()
            if headers[name] == nil { headers[name] = String(line[line.index(after: colon)...].trimmed) }
        }
        self.headers = headers
    }

    /// The media type of the body in lower case, without parameters; empty if missing.
    var mediaType: String {
        (headers["content-type"] ?? "").prefix { $0 != ";" }.trimmed.lowercased()
    }

    /// Whether an event stream follows.
    var isEventStream: Bool { isSuccess && mediaType == "text/event-stream" }

    /// Whether the request was accepted.
    var isSuccess: Bool { 200...299 ~= status }

    /// The status as text: `HTTP status 404 Not Found`.
    var text: String {
        "HTTP status \(status)" + (reason.isEmpty ? "" : " \(reason.beginning(100))")
    }
}
