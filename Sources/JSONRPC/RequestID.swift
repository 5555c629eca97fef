public import JSON

/// The id that ties a response to its request: a string or an integer, never null (MCP narrows JSON-RPC here).
public enum RequestID: Hashable, Sendable, CustomStringConvertible {
    case integer(Int)
    case string(String)
    /// An id that parsing would change: an integer written as `5.0` or `1e3`, one beyond 64 bits, a string with an
    /// unpaired surrogate. Holds the original text.
    case verbatim(String)

    /// The maximum length of an id in bytes: it is kept while the request is processed, and repeated in each related
    /// notification.
    public static let maxLength = 1024

    /// Parses an id; `nil` if the value isn't a valid one.
    public init?(_ value: JSON?) {
        switch value {
        case .integer(let number): self = .integer(number)
        case .string(let text): self = .string(text)
        case .verbatim(let text): self = .verbatim(text)
        default: return nil
        }
    }

    /// The id as received.
    public var json: JSON {
        switch self {
        case .integer(let number): .integer(number)
        case .string(let text): .string(text)
        case .verbatim(let text): .verbatim(text)
        }
    }

    /// Whether this is a verbatim id that parses to `value`, which is how another message may contain it.
    public func isWritten(for value: JSON) -> Bool {
        guard case .verbatim(let text) = self else { return false }
        return (try? JSON.parse(text, .exact)) == value || (try? JSON.parse(text, .lenient)) == value
    }

    /// Compares strings by their bytes.
    public static func == (left: RequestID, right: RequestID) -> Bool {
        switch (left, right) {
        case (.integer(let left), .integer(let right)): left == right
        case (.string(let left), .string(let right)), (.verbatim(let left), .verbatim(let right)):
            ExactText(left) == ExactText(right)
        default: false
        }
    }

    /// Consistent with ``==(_:_:)``.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .integer(let number): number.hash(into: &hasher)
        case .string(let text), .verbatim(let text): text.hash(into: &hasher)
        }
    }

    /// The length in bytes.
    var length: Int {
        switch self {
        case .integer: 8
        case .string(let text), .verbatim(let text): text.utf8.count
        }
    }

    /// The id as JSON text.
    public var description: String { json.text }
}
