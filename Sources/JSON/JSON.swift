/// A JSON value (RFC 8259) that preserves the distinctions of the text: integers stay exact, `1` is never `true`, and
/// the members of an object keep their order.
public enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number without fraction or exponent that fits in 64 bits.
    case integer(Int)
    /// Any other number.
    case double(Double)
    case string(String)
    case array([JSON])
    case object(JSONObject)
    /// JSON text that is written unchanged, such as a number with its original digits. The parser creates one only for an
    /// integer, and only if asked to (``Reading/exact``); any other creator must ensure that it is valid JSON on a single
    /// line.
    case verbatim(String)
}

extension JSON {
    /// The text if this is a string.
    public var stringValue: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The number if this is an integer. `1.0` isn't one: see ``numberValue``.
    public var integerValue: Int? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The number if this is an integer or a double; `nil` if it is out of range for a `Double`.
    public var numberValue: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .double(let value): value
        case .verbatim(let text): Double(text).flatMap { $0.isFinite ? $0 : nil }
        default: nil
        }
    }

    /// The Boolean value if this is `true` or `false`.
    public var boolValue: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The elements if this is an array.
    public var arrayValue: [JSON]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The members if this is an object.
    public var objectValue: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    /// The member named `key` if this is an object that has one.
    public subscript(_ key: String) -> JSON? {
        objectValue?[key]
    }

    /// The kind of value, for messages: `a string`, `an integer`, `null`.
    public var kindDescription: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .double: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        case .verbatim(let text):
            text.first == "\""
                ? "a string"
                : text.first.map { $0.isNumber || $0 == "-" } == true ? "a number out of range" : "JSON text"
        }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An integer.
    public init(integerLiteral value: Int) { self = .integer(value) }
    /// A Boolean.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A floating-point number.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// An array.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// Null.
    public init(nilLiteral: ()) { self = .null }

    /// An object with these members, in this order; the last of several with the same name wins.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        var object = JSONObject()
        for (key, value) in elements { object[key] = value }
        self = .object(object)
    }
}
