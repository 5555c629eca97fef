import JSON

/// Reads schemas of one document. Untrusted: depth, references and total work are bounded, and what can't be read is
/// `Any`.
struct SchemaReader {
    /// How many references may be open at once.
    static let maxReferences = 4
    private static let maxDepth = 24
    /// How many members of a list in a schema are read.
    private static let maxMembers = 64
    private static let maxLiteralBytes = 200

    private let root: JSON
    /// The number of schemas, members and names that may still be looked at.
    private var fuel = 10_000
    private var depth = 0
    /// The references being resolved, outermost first.
    private var references: [String] = []
    /// The first thing found to be wrong.
    private(set) var fault: String?

    init(root: JSON) {
        self.root = root
    }

    /// Returns the type that `schema` describes.
    mutating func read(_ schema: JSON) -> TypeShape {
        guard spend(1), depth < Self.maxDepth else { return note("the schema is too large") }
        depth += 1
        defer { depth -= 1 }
        switch schema {
        case .bool(true): return .any
        case .bool(false): return note("false as a schema allows no value")
        case .object(let object) where object.isEmpty: return .any
        case .object(let object): return nullable(read(object), object)
        default: return note("\(schema.kindDescription) isn't a schema")
        }
    }

    private mutating func read(_ schema: JSONObject) -> TypeShape {
        if let reference = schema.given("$ref") { return resolve(reference) }
        if let value = schema["const"], let shape = literal([value]) { return shape }
        if let values = schema.given("enum") {
            if case .array(let values) = values, !values.isEmpty {
                if let shape = literal(values) { return shape }
            } else {
                _ = note("enum isn't a list of values")
            }
        }
        if let members = list("allOf", of: schema) { return merge(members, with: schema) }
        let declared = declaredType(of: schema)
        if let declared, declared != .dict(.any), declared != .list(.any) { return declared }
        for key in ["anyOf", "oneOf"] {
            if let members = list(key, of: schema) {
                let shape = alternatives(members)
                if shape != .any || declared == nil { return shape }
            }
        }
        return declared ?? implied(by: schema)
    }

    private func nullable(_ shape: TypeShape, _ schema: JSONObject) -> TypeShape {
        schema["nullable"] == .bool(true) ? .union(of: [shape, .none]) : shape
    }

    /// Returns the members of a list of schemas; `nil` if none.
    private mutating func list(_ key: String, of schema: JSONObject) -> [JSON]? {
        guard let value = schema.given(key) else { return nil }
        guard case .array(let members) = value, !members.isEmpty else {
            _ = note("\(key) isn't a list of schemas")
            return nil
        }
        return members.count > Self.maxMembers ? Array(members.prefix(Self.maxMembers)) : members
    }

    // MARK: Types

    private mutating func declaredType(of schema: JSONObject) -> TypeShape? {
        switch schema.given("type") {
        case nil: return nil
        case .string(let name)?: return type(name, schema)
        case .array(let names)? where !names.isEmpty:
            return .union(
                of: names.prefix(8).map { name in
                    name.stringValue.map { type($0, schema) } ?? note("type has \(name.kindDescription) in its list")
                })
        case .some(let other):
            return note("type is \(other == [] ? "an empty list" : other.kindDescription)")
        }
    }

    private mutating func type(_ name: String, _ schema: JSONObject) -> TypeShape {
        guard name.utf8.count <= 16 else { return note("type names no type of JSON") }
        // Some programs write capitals.
        switch name.lowercased() {
        case "string": return .str
        case "integer": return .int
        case "number": return .float
        case "boolean": return .bool
        case "null": return .none
        case "array": return array(schema)
        case "object": return object(schema)
        case "any": return .any
        default: return note("type names no type of JSON")
        }
    }

    /// Returns the type that keywords imply where none is declared.
    private mutating func implied(by schema: JSONObject) -> TypeShape {
        if schema["properties"] != nil || schema.given("additionalProperties")?.objectValue != nil {
            return object(schema)
        }
        if schema["items"] != nil || schema["prefixItems"] != nil { return array(schema) }
        return .any
    }

    private mutating func array(_ schema: JSONObject) -> TypeShape {
        let items = schema.given("items")
        for elements in [schema.given("prefixItems"), items] {
            // A list in `items` is how older drafts spelled `prefixItems`.
            guard case .array(let elements)? = elements else { continue }
            if elements.isEmpty { return .list(.any) }
            if elements.count > 8 { return .list(.union(of: elements.prefix(Self.maxMembers).map { read($0) })) }
            return .tuple(elements.map { read($0) })
        }
        guard let items, items != .bool(false) else { return .list(.any) }
        return .list(read(items))
    }

    private mutating func object(_ schema: JSONObject) -> TypeShape {
        if case .object(let properties)? = schema.given("properties") {
            if !properties.isEmpty { return .object(fields(properties, of: schema)) }
        } else if schema.given("properties") != nil {
            _ = note("properties isn't an object")
        }
        for key in ["additionalProperties", "patternProperties"] {
            guard case .object(let value)? = schema.given(key) else { continue }
            if key == "additionalProperties" { return .dict(read(.object(value))) }
            return .dict(.union(of: value.prefix(Self.maxMembers).map { read($0.value) }))
        }
        return .dict(.any)
    }

    private mutating func fields(_ properties: JSONObject, of schema: JSONObject) -> [TypeShape.Field] {
        let required = requiredNames(of: schema)
        var fields: [TypeShape.Field] = []
        for member in properties {
            guard fields.count < Self.maxMembers, spend(1) else { break }
            fields.append(
                TypeShape.Field(
                    name: member.key, shape: read(member.value), isOptional: !required.contains(member.key)))
        }
        return fields
    }

    /// Returns the names in `required`.
    mutating func requiredNames(of schema: JSONObject) -> Set<String> {
        guard let value = schema.given("required") else { return [] }
        // Draft 3 had a Boolean in each property.
        guard case .array(let names) = value else {
            if value.boolValue == nil { _ = note("required isn't a list of names") }
            return []
        }
        var required: Set<String> = []
        for name in names {
            guard spend(1) else { break }
            if let name = name.stringValue { required.insert(name) }
        }
        return required
    }

    // MARK: Combinations

    private mutating func alternatives(_ members: [JSON]) -> TypeShape {
        var shapes: [TypeShape] = []
        for member in members {
            // A member that only adds conditions (`{"required": […]}`) says nothing about the type.
            let shape = read(member)
            if shape == .any { return .any }
            shapes.append(shape)
        }
        return .union(of: shapes)
    }

    /// Returns one object with all fields if all members are objects whose names differ, else the first known type.
    private mutating func merge(_ members: [JSON], with schema: JSONObject) -> TypeShape {
        var siblings = schema
        siblings["allOf"] = nil
        siblings["nullable"] = nil
        var shapes = [read(siblings)]
        for member in members { shapes.append(read(member)) }
        let known = shapes.filter { $0 != .any && $0 != .dict(.any) }
        var fields: [TypeShape.Field] = []
        var names: Set<String> = []
        for shape in known {
            guard case .object(let more) = shape else { return known[0] }
            for field in more {
                guard names.insert(field.name).inserted else { return known[0] }
                fields.append(field)
            }
        }
        if !fields.isEmpty { return .object(fields) }
        return known.first ?? (shapes.contains(.dict(.any)) ? .dict(.any) : .any)
    }

    /// Returns the values as literals, or `nil` if a literal can't express them.
    private mutating func literal(_ values: [JSON]) -> TypeShape? {
        var shapes: [TypeShape] = []
        for value in values.prefix(Self.maxMembers) {
            guard spend(1) else { return nil }
            if value == .null {
                shapes.append(.none)
            } else if case .string(let text) = value, text.utf8.count > Self.maxLiteralBytes {
                return nil
            } else if let text = PythonValue.literal(value) {
                shapes.append(.literal([text]))
            } else {
                return nil
            }
        }
        return .union(of: shapes)
    }

    // MARK: References

    private mutating func resolve(_ reference: JSON) -> TypeShape {
        guard case .string(let text) = reference else { return note("$ref is \(reference.kindDescription)") }
        if references.contains(text) { return .named(Self.name(of: text)) }
        guard references.count < Self.maxReferences else { return .any }
        guard let target = target(of: text) else { return note("$ref points to nothing in the schema") }
        references.append(text)
        defer { references.removeLast() }
        return read(target)
    }

    /// Returns what a local reference points to, or `nil` if it is remote or dangling.
    func target(of reference: String) -> JSON? {
        SchemaPointer.target(of: reference, in: root)
    }

    private static func name(of reference: String) -> String {
        let last = reference.split(separator: "/").last.map(String.init) ?? ""
        return last == "#" || last.isEmpty ? "Self" : PythonName.identifier(for: last, reserved: [])
    }

    // MARK: Bounds

    /// Uses up some of the work that is allowed.
    ///
    /// - Returns: whether there was enough left.
    mutating func spend(_ amount: Int) -> Bool {
        fuel -= amount
        return fuel >= 0
    }

    private mutating func note(_ text: String) -> TypeShape {
        if fault == nil { fault = text }
        return .any
    }
}
