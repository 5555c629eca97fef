public import JSON

extension ResultShape {
    /// The shape for a file. See ``init(stored:)``.
    public var stored: JSON {
        ["samples": .integer(samples), "shape": shape.stored]
    }

    /// Reads a shape that ``stored`` wrote; `nil` if it is something else.
    public init?(stored: JSON) {
        guard let samples = stored["samples"]?.integerValue, samples > 0, let value = stored["shape"],
            let shape = TypeShape(stored: value, depth: 0)
        else { return nil }
        self.init(shape: shape, samples: samples)
    }
}

extension TypeShape {
    private static let scalars: [String: TypeShape] = [
        "Any": .any, "None": .none, "bool": .bool, "int": .int, "float": .float, "str": .str, "File": .file,
        "Link": .link,
    ]
    private static let maxDepth = 24

    /// A scalar as its name, anything else as an array that begins with its kind.
    fileprivate var stored: JSON {
        switch self {
        case .list(let element): ["list", element.stored]
        case .dict(let value): ["dict", value.stored]
        case .union(let members): .array(["union"] + members.map(\.stored))
        case .object(let fields):
            .array(["object"] + fields.map { [.string($0.name), .bool($0.isOptional), $0.shape.stored] })
        case .named(let name) where Self.scalars[name] == self: .string(name)
        case .tuple, .literal, .named: "Any"
        case .any, .none, .bool, .int, .float, .str: .string(annotation)
        }
    }

    fileprivate init?(stored: JSON, depth: Int) {
        guard depth < Self.maxDepth else { return nil }
        if case .string(let name) = stored {
            guard let scalar = Self.scalars[name] else { return nil }
            self = scalar
            return
        }
        guard let parts = stored.arrayValue, let kind = parts.first?.stringValue else { return nil }
        let rest = parts.dropFirst()
        if kind == "object" {
            var fields: [Field] = []
            for part in rest {
                guard let field = part.arrayValue, field.count == 3, let name = field[0].stringValue,
                    let isOptional = field[1].boolValue, let shape = TypeShape(stored: field[2], depth: depth + 1)
                else { return nil }
                fields.append(Field(name: name, shape: shape, isOptional: isOptional))
            }
            self = .object(fields)
            return
        }
        let shapes = rest.compactMap { TypeShape(stored: $0, depth: depth + 1) }
        guard shapes.count == rest.count else { return nil }
        switch (kind, shapes.count) {
        case ("list", 1): self = .list(shapes[0])
        case ("dict", 1): self = .dict(shapes[0])
        case ("union", 2...): self = .union(of: shapes)
        default: return nil
        }
    }
}
