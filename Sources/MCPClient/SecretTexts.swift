import JSON

/// Redacts secrets, such as the keys that a server was given, in its output, which goes to logs and to the model.
struct SecretTexts: Sendable {
    /// Minimum length in bytes; shorter texts also occur within ordinary words.
    private static let shortest = 8

    /// Longest first, because one secret may be part of another.
    private let secrets: [(label: [UInt8], text: [UInt8])]

    /// - Parameter values: the secrets, by the label that replaces each.
    init(_ values: [String: String]) {
        var labels: [[UInt8]: String] = [:]
        for (label, value) in values.sorted(by: { $0.key < $1.key }) {
            for part in Self.parts(of: value) where part.utf8.count >= Self.shortest {
                for text in [Array(part.utf8), Self.inJSON(part)] where labels[text] == nil { labels[text] = label }
            }
        }
        secrets = labels.map { (Array("[\($0.value)]".utf8), $0.key) }.sorted { $0.text.count > $1.text.count }
    }

    /// Returns the text with each secret replaced by its label.
    func hidden(in text: String) -> String {
        guard !secrets.isEmpty else { return text }
        // By bytes: Swift treats a letter followed by a combining accent as a different character.
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var place = 0
        while place < bytes.count {
            let rest = bytes[place...]
            if let secret = secrets.first(where: { rest.starts(with: $0.text) }) {
                result += secret.label
                place += secret.text.count
            } else {
                result.append(bytes[place])
                place += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Returns a value and the parts of it that programs may print separately.
    private static func parts(of value: String) -> [String] {
        var parts = [value]
        let lines = value.split(whereSeparator: \.isNewline).map(String.init)
        if lines.count > 1 { parts += lines }
        if let members = (try? JSON.parse(value, .lenient, valueLimit: 1000))?.objectValue {
            parts += members.compactMap(\.value.stringValue).flatMap { [$0] + credentials(in: $0) }
        }
        return parts + credentials(in: value)
    }

    /// Returns a text as JSON string content, because many programs log in JSON.
    private static func inJSON(_ text: String) -> [UInt8] {
        Array(JSON.string(text).serialized().dropFirst().dropLast())
    }

    private static func credentials(in value: String) -> [String] {
        let words = value.split(separator: " ")
        if words.count == 2, ["bearer", "basic", "token"].contains(words[0].lowercased()) { return [String(words[1])] }
        // The password in a URL.
        guard let scheme = value.firstRange(of: "://"),
            let sign = value[scheme.upperBound...].prefix(while: { $0 != "/" }).lastIndex(of: "@")
        else { return [] }
        let password = value[scheme.upperBound..<sign].split(separator: ":", maxSplits: 1).dropFirst().first
        return password.map { [String($0)] } ?? []
    }
}
