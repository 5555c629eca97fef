import Hashing
import JSON

/// The arguments of a call in the form in which they are recorded: short, yet enough to prove later what they were.
struct AuditArguments: Sendable {
    private static let maxCount = 8
    private static let maxNameLength = 32

    private enum Value: Sendable {
        case text(AuditText)
        /// A number or another value that is always short.
        case short(JSON)
        case members([(name: String, value: Value)])
    }

    private let value: Value

    /// - Parameter arguments: the arguments as received, which can be any JSON value.
    init(_ arguments: JSON?) {
        guard case .object(let object)? = arguments, object.count <= Self.maxCount,
            object.allSatisfy({ $0.key.utf8.count <= Self.maxNameLength })
        else {
            // No tool accepts such arguments.
            value = arguments.map(Self.value) ?? .members([])
            return
        }
        value = .members(object.map { ($0.key, Self.value($0.value)) })
    }

    private static func value(_ value: JSON) -> Value {
        switch value {
        case .string(let text): .text(AuditText(text))
        case .array, .object, .verbatim: .text(AuditText(value.text))
        case .null, .bool, .integer, .double: .short(value)
        }
    }

    /// - Parameter count: the number of characters to keep of each text.
    func json(keeping count: Int) -> JSON {
        Self.json(value, count)
    }

    private static func json(_ value: Value, _ count: Int) -> JSON {
        switch value {
        case .text(let text): return text.json(keeping: count)
        case .short(let value): return value
        case .members(let members):
            var object = JSONObject()
            for (name, value) in members { object[name] = json(value, count) }
            return .object(object)
        }
    }
}

/// A text of any length as it is recorded: in full if it is short; otherwise its beginning, its length in bytes and its
/// SHA-256.
struct AuditText: Sendable {
    /// The maximum number of characters (Unicode scalars) kept of a text.
    static let maxLength = 200

    private let beginning: String
    private let byteCount: Int
    private let digest: String?

    init(_ text: String) {
        beginning = Self.beginning(of: text, Self.maxLength)
        byteCount = text.utf8.count
        digest = beginning.utf8.count == byteCount ? nil : SHA256.hexDigest(of: text)
    }

    /// - Parameter count: the number of characters to keep, at most ``maxLength``.
    func json(keeping count: Int) -> JSON {
        let kept = Self.beginning(of: beginning, count)
        guard kept.utf8.count < byteCount else { return .string(kept) }
        return [
            "text": .string(kept), "bytes": .integer(byteCount),
            "sha256": .string(digest ?? SHA256.hexDigest(of: beginning)),
        ]
    }

    /// Returns the first `count` scalars of a text. Counts scalars because a `Character` can have any length.
    static func beginning(of text: String, _ count: Int) -> String {
        String(text.unicodeScalars.prefix(count))
    }
}
