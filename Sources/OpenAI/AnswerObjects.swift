import JSON

/// JSON objects in the text of an answer, with whatever a model writes around them.
public enum AnswerObjects {
    /// Beginnings that turned out to be none, after which no others are looked for: each may take as long as the whole text.
    private static let maxFailures = 64

    /// An object, and its text.
    struct Found {
        let object: JSONObject
        let text: String
    }

    /// The text of the last object in an answer; `nil` for none.
    public static func last(in text: String) -> String? { all(in: text).last?.text }

    /// The objects that stand in no other value, in order. A list is no object, whatever is in it.
    static func all(in text: String) -> [Found] {
        let bytes = Array(text.utf8)
        if let whole = try? JSON.parseModelText(bytes) { return object(whole, bytes[...]).map { [$0] } ?? [] }
        var found: [Found] = []
        var failures = 0
        var place = 0
        while place < bytes.count, failures < maxFailures {
            if bytes[place] == UInt8(ascii: "{") || bytes[place] == UInt8(ascii: "[") {
                if let end = JSON.endOfValue(in: bytes, from: place),
                    let value = try? JSON.parseModelText(Array(bytes[place..<end]))
                {
                    if let object = object(value, bytes[place..<end]) { found.append(object) }
                    place = end
                    continue
                }
                failures += 1
            }
            place += 1
        }
        return found
    }

    private static func object(_ value: JSON, _ bytes: ArraySlice<UInt8>) -> Found? {
        value.objectValue.map { Found(object: $0, text: text(of: value, writtenAs: bytes)) }
    }

    /// The text of a value that was read from `bytes`: those, where they are JSON and a number in them may be more than is
    /// kept of it.
    static func text(of value: JSON, writtenAs bytes: some Sequence<UInt8>) -> String {
        let bytes = Array(bytes)
        guard hasFraction(value), (try? JSON.parse(bytes)) == value else { return value.text }
        let isBlank: (UInt8) -> Bool = { $0 <= 0x20 }
        return String(decoding: bytes.drop(while: isBlank).reversed().drop(while: isBlank).reversed(), as: UTF8.self)
    }

    private static func hasFraction(_ value: JSON) -> Bool {
        if case .double = value { return true }
        return value.arrayValue?.contains(where: hasFraction) ?? value.objectValue?.contains { hasFraction($0.value) }
            ?? false
    }
}
