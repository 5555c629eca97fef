import JSON

/// A value with the way to it, so that an error can name what is wrong. A member that is not there counts as null, which
/// the API takes for the same.
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

    /// A text; also a number or a truth value, which clients that keep numbers for names send as they are.
    func optionalWord() throws(FormatError) -> String? {
        switch value {
        case .integer, .double, .bool: value.text
        default: try optionalString()
        }
    }

    /// A truth value; also as a text or a number, as forms and configurations have it.
    func flag() throws(FormatError) -> Bool {
        switch value {
        case .null, 0: return false
        case 1: return true
        case .bool(let flag): return flag
        case .string(let text):
            switch text.lowercased() {
            case "true", "1": return true
            case "false", "0", "": return false
            default: throw mismatch("a boolean")
            }
        default: throw mismatch("a boolean")
        }
    }

    /// The elements, each with its place; none where there is no such member.
    func elements() throws(FormatError) -> [Field] {
        if isNull { return [] }
        guard let elements = value.arrayValue else { throw mismatch("an array") }
        return elements.enumerated().map { Field($1, path: "\(path)[\($0)]") }
    }

    func mismatch(_ wanted: String) -> FormatError {
        failure(isNull ? "is missing: it must be \(wanted)" : "must be \(wanted), not \(value.kindDescription)")
    }
}
