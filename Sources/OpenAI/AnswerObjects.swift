import JSON

/// Finds JSON objects in an answer's text, ignoring anything that the model writes around them.
public enum AnswerObjects {
    /// Maximum number of false starts before the search stops: each one may scan the rest of the text.
    private static let maxFailures = 64

    /// An object and its source text.
    struct Found {
        let object: JSONObject
        let text: String
    }

    /// Returns the text of the last object in an answer; `nil` for none.
    public static func last(in text: String) -> String? { all(in: text).last?.text }

    /// Returns the top-level objects in order. Objects inside an array don't count.
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

    /// Returns the text of a value parsed from `bytes`: the original bytes if they are strict JSON and contain a
    /// fraction, whose digits the parsed value may not preserve; otherwise the value, serialized.
    static func text(of value: JSON, writtenAs bytes: some Sequence<UInt8>) -> String {
        let bytes = Array(bytes)
        guard hasFraction(value), (try? JSON.parse(bytes)) != nil, (try? JSON.parse(bytes, .exact)) == value else {
            return value.text
        }
        let isBlank: (UInt8) -> Bool = { $0 <= 0x20 }
        return String(decoding: bytes.drop(while: isBlank).reversed().drop(while: isBlank).reversed(), as: UTF8.self)
    }

    private static func hasFraction(_ value: JSON) -> Bool {
        switch value {
        case .double, .verbatim: return true
        default: break
        }
        return value.arrayValue?.contains(where: hasFraction) ?? value.objectValue?.contains { hasFraction($0.value) }
            ?? false
    }
}
