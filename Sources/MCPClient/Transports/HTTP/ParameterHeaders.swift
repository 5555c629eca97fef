import JSON
import MCP

/// The arguments of a tool that are repeated as headers, because its schema says so with `x-mcp-header` (2026-07-28,
/// basic/transports/streamable-http).
struct ParameterHeaders: Sendable {
    /// The code of the error with which a server rejects a request whose headers don't match its message.
    static let mismatch = -32020

    private static let annotation = "x-mcp-header"
    private static let maxHeaders = 64
    private static let maxNameLength = 200
    private static let types: Set<String> = ["string", "integer", "boolean"]
    /// The keywords besides `properties` whose values are schemas, arrays of schemas or objects of schemas. What is in
    /// them isn't always an argument, so no header can be made of it.
    private static let schemas: Set<String> = [
        "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "propertyNames", "then",
        "unevaluatedItems", "unevaluatedProperties",
    ]
    private static let arrays: Set<String> = ["allOf", "anyOf", "items", "oneOf", "prefixItems"]
    private static let objects: Set<String> = ["$defs", "definitions", "dependentSchemas", "patternProperties"]

    private var headers: [(path: [String], name: String)] = []
    /// The names in lower case.
    private var names: Set<String> = []

    /// Collects the headers of a tool.
    ///
    /// - Throws: ``MCPClientError/malformed(_:)`` if the schema breaks the rules: such a tool must not be offered.
    init(of tool: Tool) throws(MCPClientError) {
        do throws(MCPClientError) {
            try collect(tool.inputSchema, [])
        } catch {
            throw .malformed("the tool \(tool.name.beginning(100)) has an invalid \(Self.annotation): \(error.reason)")
        }
    }

    /// Returns the headers of a call.
    func headers(for arguments: JSONObject) -> [HeaderField] {
        headers.compactMap { path, name in
            var value: JSON? = .object(arguments)
            for key in path { value = value?[key] }
            switch value {
            case .string(let text)?: return HeaderField(name, RoutingHeaders.encoded(text))
            case .bool?, .integer?, .double?: return HeaderField(name, value?.text ?? "")
            default: return nil
            }
        }
    }

    /// - Parameter path: the names of the argument; `nil` if the schema isn't that of one, empty for all arguments.
    private mutating func collect(_ schema: JSON, _ path: [String]?) throws(MCPClientError) {
        guard let members = schema.objectValue else { return }
        if let value = members[Self.annotation] { try add(value, of: members, path ?? []) }
        for member in members {
            if member.key == "properties" {
                for property in member.value.objectValue ?? [:] {
                    try collect(property.value, path.map { $0 + [property.key] })
                }
            }
            if Self.schemas.contains(member.key) { try collect(member.value, nil) }
            if Self.arrays.contains(member.key) {
                for element in member.value.arrayValue ?? [] { try collect(element, nil) }
            }
            if Self.objects.contains(member.key) {
                for element in member.value.objectValue ?? [:] { try collect(element.value, nil) }
            }
        }
    }

    private mutating func add(_ value: JSON, of schema: JSONObject, _ path: [String]) throws(MCPClientError) {
        guard !path.isEmpty else { throw .malformed("it isn't on an argument") }
        guard let name = value.stringValue, (1...Self.maxNameLength).contains(name.utf8.count),
            name.utf8.allSatisfy({ HeaderField.isToken($0) })
        else { throw .malformed("\(value.text.beginning(100)) is not a valid name of a header") }
        guard Self.types.contains(schema["type"]?.stringValue ?? "") else {
            throw .malformed("\(name) is not on a string, an integer or a boolean")
        }
        guard names.insert(name.lowercased()).inserted else { throw .malformed("\(name) is there twice") }
        guard headers.count < Self.maxHeaders else { throw .malformed("more than \(Self.maxHeaders) headers") }
        headers.append((path, "Mcp-Param-\(name)"))
    }
}
