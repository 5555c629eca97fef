import JSON

/// A parameter of a tool.
public struct ToolParameter: Sendable, Equatable {
    /// The name in the tool's schema.
    public let name: String
    /// The name in Python.
    public let python: String
    /// The type annotation.
    public let annotation: String
    /// Whether a call must have it.
    public let isRequired: Bool
    /// What documentation says about it: one line of visible text, without the type.
    public let documentation: String
}

/// The parameters of a tool, read from its input schema.
struct ToolParameters: Sendable {
    /// Required ones first, otherwise in the order of the schema.
    let parameters: [ToolParameter]
    /// The name of the parameter that takes any further arguments (`**arguments`), if the schema names none.
    let rest: String?
    /// What is wrong with the schema: the first fault found.
    let fault: String?

    /// - Parameter limit: the maximum number of parameters.
    init(_ schema: JSON, limit: Int) {
        var collector = Collector(schema, limit: limit)
        collector.collect(schema, isAlternative: false)
        var reader = collector.reader
        let properties = collector.properties
        let required = properties.filter { collector.required.contains($0.key) }
        let sorted = required + properties.filter { !collector.required.contains($0.key) }
        // A helper's name does no harm here: parameters hide only what the function itself uses.
        let names = PythonName.identifiers(for: sorted.map(\.key), reserved: PythonName.internals)
        var parameters: [ToolParameter] = []
        for (place, property) in sorted.enumerated() {
            let shape = reader.read(property.schema)
            let isRequired = place < required.count
            let renaming = names[place].utf8.elementsEqual(property.key.utf8) ? nil : property.key
            parameters.append(
                ToolParameter(
                    name: property.key, python: names[place], annotation: shape.annotation, isRequired: isRequired,
                    documentation: ParameterText(
                        schema: property.schema, shape: shape, realName: renaming, root: schema
                    ).line))
        }
        self.parameters = parameters
        rest = parameters.isEmpty && collector.takesAny ? "arguments" : nil
        fault = reader.fault ?? collector.fault
    }

    /// Whether the single required parameter may also be given by position.
    var takesPosition: Bool { parameters.filter(\.isRequired).count == 1 }
}

/// Collects the properties of a schema and of the schemas that it combines.
private struct Collector {
    var reader: SchemaReader
    private(set) var properties: [(key: String, schema: JSON)] = []
    private(set) var required: Set<String> = []
    /// Whether arguments that aren't named are allowed and expected.
    private(set) var takesAny = false
    private(set) var fault: String?
    private var names: Set<String> = []
    /// How many more schemas are looked at.
    private var room = 64
    private var depth = 0

    private let limit: Int

    init(_ root: JSON, limit: Int) {
        reader = SchemaReader(root: root)
        self.limit = limit
    }

    /// - Parameter isAlternative: whether the schema is one of several, so that its required names aren't required.
    mutating func collect(_ schema: JSON, isAlternative: Bool) {
        room -= 1
        guard room >= 0, depth <= SchemaReader.maxReferences else { return }
        depth += 1
        defer { depth -= 1 }
        guard case .object(let object) = schema else {
            takesAny = takesAny || schema != .bool(false)
            if schema != .bool(true) { fault = fault ?? "\(schema.kindDescription) isn't a schema" }
            return
        }
        if let reference = object.given("$ref") {
            guard let target = reference.stringValue.flatMap(reader.target(of:)) else {
                takesAny = true
                fault = fault ?? "$ref points to nothing in the schema"
                return
            }
            return collect(target, isAlternative: isAlternative)
        }
        addProperties(of: object)
        if !isAlternative { required.formUnion(reader.requiredNames(of: object)) }
        for key in ["allOf", "anyOf", "oneOf"] {
            for member in object.given(key)?.arrayValue ?? [] {
                guard room > 0 else { return }
                collect(member, isAlternative: isAlternative || key != "allOf")
            }
        }
    }

    private mutating func addProperties(of schema: JSONObject) {
        let declared = schema.given("properties")
        if case .object(let members)? = declared {
            for member in members where properties.count < limit {
                if names.insert(member.key).inserted { properties.append((member.key, member.value)) }
                // Draft 3.
                if member.value["required"] == true { required.insert(member.key) }
            }
        } else if declared != nil {
            fault = fault ?? "properties isn't an object"
            takesAny = true
        }
        switch schema.given("additionalProperties") {
        case .bool(let isAllowed)?: takesAny = takesAny || isAllowed
        case .object?: takesAny = true
        // By default they are allowed, but who declares an empty list of properties has a tool without arguments.
        default:
            takesAny = takesAny || declared == nil && schema["additionalProperties"] == nil && !isCombination(schema)
        }
    }

    private func isCombination(_ schema: JSONObject) -> Bool {
        ["allOf", "anyOf", "oneOf"].contains { schema[$0] != nil } || depth > 1
    }
}
