import JSON

/// What a service answered.
struct Answer {
    let status: Int
    /// The head, with names and values as they came.
    let head: String
    let body: String

    init(_ text: String) {
        let end = text.firstRange(of: "\r\n\r\n")
        head = String(text[..<(end?.lowerBound ?? text.endIndex)])
        status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        let content = String(text[(end?.upperBound ?? text.endIndex)...])
        body = head.contains("Transfer-Encoding: chunked") ? Self.joined(content) : content
    }

    var json: JSON { (try? JSON.parse(Array(body.utf8))) ?? .null }
    var error: JSON? { json["error"] }
    var text: String? { json["choices"]?.arrayValue?.first?["message"]?["content"]?.stringValue }

    func field(_ name: String) -> String? {
        head.split(separator: "\r\n").first { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
    }

    /// The data of its events.
    var events: [String] {
        body.split(separator: "\n\n").compactMap { event in
            event.split(separator: "\n").first { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
        }
    }

    /// The types of a response's events.
    var eventTypes: [String] { chunks.compactMap { $0["type"]?.stringValue } }

    /// The text of a response.
    var outputText: String { Self.outputText(json) }

    static func outputText(_ response: JSON) -> String {
        (response["output"]?.arrayValue ?? []).flatMap { $0["content"]?.arrayValue ?? [] }
            .compactMap { $0["text"]?.stringValue }.joined()
    }

    var chunks: [JSON] { events.compactMap { try? JSON.parse(Array($0.utf8)) } }

    /// The text that its chunks add up to.
    var streamedText: String {
        chunks.map { $0["choices"]?.arrayValue?.first?["delta"]?["content"]?.stringValue ?? "" }.joined()
    }

    private static func joined(_ chunks: String) -> String {
        var bytes = Array(chunks.utf8)[...]
        var content: [UInt8] = []
        while let end = bytes.firstRange(of: [0x0D, 0x0A]) {
            let size = Int(String(decoding: bytes[..<end.lowerBound], as: UTF8.self), radix: 16) ?? 0
            content += bytes[end.upperBound...].prefix(size)
            bytes = bytes[end.upperBound...].dropFirst(size + 2)
        }
        return String(decoding: content, as: UTF8.self)
    }
}
