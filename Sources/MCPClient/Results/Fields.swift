import JSON
import MCP

/// Typed access to the members of an object from a server.
struct Fields {
    private let members: JSONObject
    private let subject: String

    /// - Parameter subject: names the object in error messages.
    init(_ members: JSONObject, of subject: String) {
        self.members = members
        self.subject = subject
    }

    /// - Throws: ``MCPClientError/malformed(_:)`` if `value` isn't an object.
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

    /// Servers write null for members that they omit.
    func optionalString(_ name: String) throws(MCPClientError) -> String? {
        switch members[name] {
        case nil, .null: return nil
        case .string(let text): return text
        case .some(let other): throw wrong(name, "a string", other)
        }
    }

    /// Returns a descriptive text; a value of another type counts as missing.
    func description(_ name: String) -> String? { members[name]?.stringValue }

    /// Whether a member is true, also written as a text or a number. Anything else counts as false.
    func flag(_ name: String) -> Bool {
        switch members[name] {
        case .bool(let value): value
        case .string(let text): text.lowercased() == "true"
        case .integer(let number): number != 0
        default: false
        }
    }

    /// Returns a size in bytes; `nil` if the value can't be one.
    func size(_ name: String) -> Int? {
        guard let number = members[name]?.numberValue, number >= 0 else { return nil }
        return Int(exactly: number.rounded())
    }

    /// Go writes null for an empty array.
    func array(_ name: String) throws(MCPClientError) -> [JSON] {
        switch members[name] {
        case nil: throw .malformed("\(subject) lacks \(name)")
        case .null: return []
        case .array(let elements): return elements
        case .some(let other): throw wrong(name, "an array", other)
        }
    }

    func object(_ name: String) throws(MCPClientError) -> JSONObject {
        guard let object = try optionalObject(name) else { throw .malformed("\(subject) lacks \(name)") }
        return object
    }

    /// PHP writes an empty array for an empty object.
    func optionalObject(_ name: String) throws(MCPClientError) -> JSONObject? {
        switch members[name] {
        case nil, .null: return nil
        case .array(let elements) where elements.isEmpty: return JSONObject()
        case .object(let members): return members
        case .some(let other): throw wrong(name, "an object", other)
        }
    }

    /// Decodes base64, also with the URL-safe alphabet or a `data:` URL prefix.
    func bytes(_ name: String) throws(MCPClientError) -> [UInt8] {
        var text = try string(name)
        if text.utf8.starts(with: "data:".utf8), let comma = text.utf8.firstIndex(of: UInt8(ascii: ",")) {
            text = String(text[text.utf8.index(after: comma)...])
        }
        if let bytes = Base64.decode(text) { return bytes }
        let plain = text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            default: byte
            }
        }
        guard let bytes = Base64.decode(String(decoding: plain, as: UTF8.self)) else {
            throw .malformed("\(name) of \(subject) must be base64")
        }
        return bytes
    }

    /// Returns the member without any check.
    func value(_ name: String) -> JSON? { members[name] }

    private func wrong(_ name: String, _ kind: String, _ found: JSON) -> MCPClientError {
        .malformed("\(name) of \(subject) must be \(kind), not \(found.kindDescription)")
    }
}
