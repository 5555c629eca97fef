import JSON
import MCP

/// The members of an object that a server sent, each taken as what it must be.
struct Fields {
    private let members: JSONObject
    private let subject: String

    /// - Parameter subject: what the object is, for error messages.
    init(_ members: JSONObject, of subject: String) {
        self.members = members
        self.subject = subject
    }

    /// - Throws: ``MCPClientError/malformed(_:)`` where `value` is no object.
    init(_ value: JSON, of subject: String) throws(MCPClientError) {
        guard let members = value.objectValue else {
            throw .malformed("\(subject) must be an object, not \(value.kindDescription)")
        }
        self.init(members, of: subject)
    }

    func string(_ name: String) throws(MCPClientError) -> String {
        guard let text = try optionalString(name) else { throw .malformed("\(subject) lacks \(name)") }
        return text
    }

    /// Servers write null for what they leave out.
    func optionalString(_ name: String) throws(MCPClientError) -> String? {
        switch members[name] {
        case nil, .null: return nil
        case .string(let text): return text
        case .some(let other): throw wrong(name, "a string", other)
        }
    }

    func optionalBool(_ name: String) throws(MCPClientError) -> Bool? {
        switch members[name] {
        case nil, .null: return nil
        case .bool(let value): return value
        case .some(let other): throw wrong(name, "true or false", other)
        }
    }

    /// A number of bytes; `nil` for what cannot be one.
    func size(_ name: String) -> Int? {
        guard let number = members[name]?.numberValue, number >= 0 else { return nil }
        return Int(exactly: number.rounded())
    }

    func array(_ name: String) throws(MCPClientError) -> [JSON] {
        switch members[name] {
        case nil: throw .malformed("\(subject) lacks \(name)")
        case .array(let elements): return elements
        case .some(let other): throw wrong(name, "an array", other)
        }
    }

    func object(_ name: String) throws(MCPClientError) -> JSONObject {
        guard let object = try optionalObject(name) else { throw .malformed("\(subject) lacks \(name)") }
        return object
    }

    func optionalObject(_ name: String) throws(MCPClientError) -> JSONObject? {
        switch members[name] {
        case nil, .null: return nil
        case .object(let members): return members
        case .some(let other): throw wrong(name, "an object", other)
        }
    }

    func bytes(_ name: String) throws(MCPClientError) -> [UInt8] {
        guard let bytes = Base64.decode(try string(name)) else {
            throw .malformed("\(name) of \(subject) must be base64")
        }
        return bytes
    }

    /// The member as it came.
    func value(_ name: String) -> JSON? { members[name] }

    private func wrong(_ name: String, _ kind: String, _ found: JSON) -> MCPClientError {
        .malformed("\(name) of \(subject) must be \(kind), not \(found.kindDescription)")
    }
}
