import JSON

/// JSON objects in the text of an answer, with whatever a model writes around them.
enum AnswerObjects {
    /// Beginnings that turned out to be none, after which no others are looked for: each may take as long as the whole text.
    private static let mostFailures = 64

    /// The objects that stand in no other value, in order. A list is no object, whatever is in it.
    static func all(in text: String) -> [JSONObject] {
        let bytes = Array(text.utf8)
        if let whole = try? JSON.parseModelText(bytes) { return whole.objectValue.map { [$0] } ?? [] }
        var found: [JSONObject] = []
        var failures = 0
        var place = 0
        while place < bytes.count, failures < mostFailures {
            if bytes[place] == UInt8(ascii: "{") || bytes[place] == UInt8(ascii: "[") {
                if let end = CallJSON.end(of: bytes, from: place),
                    let value = try? JSON.parseModelText(Array(bytes[place..<end]))
                {
                    if let object = value.objectValue { found.append(object) }
                    place = end
                    continue
                }
                failures += 1
            }
            place += 1
        }
        return found
    }
}
