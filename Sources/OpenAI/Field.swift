import JSON

/// A JSON value together with its path, so that errors can name the invalid member. A missing member is treated as
/// null, as the API does.
struct Field {
    let value: JSON
    let path: String

    init(_ value: JSON, path: String = "") {
        self.value = value
        self.path = path
    }

    subscript(_ key: String) -> Field {
        Field(value[key] ?? .null, path: path.isEmpty ? key : "\(path).\(key)")
    }

    var isNull: Bool { value == .null }

    func failure(_ problem: String) -> FormatError {
        FormatError(field: path, problem: problem)
    }

    func object() throws(FormatError) -> JSONObject {
        guard let object = value.objectValue else { throw mismatch("an object") }
        return object
    }

    func string() throws(FormatError) -> String {
        guard let text = value.stringValue else { throw mismatch("a string") }
        return text
    }

    func optionalString() throws(FormatError) -> String? {
        isNull ? nil : try string()
    }

    /// Returns a string; also accepts numbers and booleans, which some clients send as names without quoting them.
    func optionalWord() throws(FormatError) -> String? {
        switch value {
        case .integer, .double, .bool: value.text
        default: try optionalString()
        }
    }

    /// Returns a boolean; also accepts its string and number forms, as used in forms and configuration files.
    func flag() throws(FormatError) -> Bool {
        switch value {
        case .null, 0, 0.0: return false
        case 1, 1.0: return true
        case .bool(let flag): return flag
        case .string(let text):
            switch text.lowercased().filter({ !$0.isWhitespace }) {
            case "true", "1", "yes", "on", "y", "t": return true
            case "false", "0", "no", "off", "n", "f", "none", "null", "": return false
            default: throw mismatch("a boolean")
            }
        default: throw mismatch("a boolean")
        }
    }

    /// Returns the elements, each with its path; empty if the member is missing.
    func elements() throws(FormatError) -> [Field] {
        if isNull { return [] }
        guard let elements = value.arrayValue else { throw mismatch("an array") }
        return elements.enumerated().map { Field($1, path: "\(path)[\($0)]") }
    }

    func mismatch(_ wanted: String) -> FormatError {
        failure(isNull ? "is missing: it must be \(wanted)" : "must be \(wanted), not \(value.kindDescription)")
    }
}
