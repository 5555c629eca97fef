/// The type of a JSON value in Python's terms.
indirect enum TypeShape: Sendable, Equatable {
    /// Nothing is known.
    case any
    /// `None`.
    case none
    case bool
    case int
    case float
    case str
    /// One of these Python literals.
    case literal([String])
    /// A recursive type, by its name in the schema.
    case named(String)
    case list(TypeShape)
    case tuple([TypeShape])
    /// An object whose names aren't known.
    case dict(TypeShape)
    case object([Field])
    /// At least two types that aren't unions.
    case union([TypeShape])

    /// A member of an object.
    struct Field: Sendable, Equatable {
        let name: String
        var shape: TypeShape
        var isOptional: Bool
    }

    /// More members than this make a union `Any`.
    static let maxMembers = 6
    /// The maximum length of an annotation. A longer one is replaced by a coarser one.
    private static let maxAnnotation = 160
    /// More literals, or longer ones, aren't shown in an annotation.
    private static let (maxLiterals, maxLiteralText) = (8, 120)
    /// How many fields of an object an outline shows.
    private static let shownFields = 40

    /// Returns one of `shapes`, or their union. Equal members are merged, `None` comes last.
    static func union(of shapes: [TypeShape]) -> TypeShape {
        var members: [TypeShape] = []
        var literals: [String] = []
        var literalPlace: Int?
        var isOptional = false
        for shape in shapes.flatMap(\.members) {
            switch shape {
            case .any: return .any
            case .none: isOptional = true
            case .literal(let values):
                if literalPlace == nil {
                    literalPlace = members.count
                    members.append(shape)
                }
                // Longer lists aren't shown, so there is no need to compare them.
                for value in values where literals.count <= maxLiterals && !literals.contains(value) {
                    literals.append(value)
                }
            default:
                if members.count <= maxMembers, !members.contains(shape) { members.append(shape) }
            }
        }
        if let literalPlace { members[literalPlace] = .literal(literals) }
        if members.count > maxMembers { return .any }
        if isOptional { members.append(.none) }
        return members.count == 1 ? members[0] : members.isEmpty ? .any : .union(members)
    }

    private var members: [TypeShape] {
        if case .union(let members) = self { members } else { [self] }
    }

    /// Whether the values are few and short enough for an annotation. Otherwise documentation shows them.
    static func showsLiterals(_ values: [String]) -> Bool {
        values.count <= maxLiterals
            && values.reduce(0) { $0 + $1.unicodeScalars.count + 2 } <= maxLiteralText + 2
    }

    /// The annotation, such as `list[str] | None`.
    var annotation: String {
        let text = fullAnnotation
        return text.utf8.count <= Self.maxAnnotation ? text : coarseAnnotation
    }

    private var fullAnnotation: String {
        switch self {
        case .any: "Any"
        case .none: "None"
        case .bool: "bool"
        case .int: "int"
        case .float: "float"
        case .str: "str"
        case .literal(let values) where !Self.showsLiterals(values): coarseAnnotation
        case .literal(let values): "Literal[\(values.joined(separator: ", "))]"
        case .named(let name): name
        case .list(.any): "list"
        case .list(let element): "list[\(element.fullAnnotation)]"
        case .tuple(let elements): "tuple[\(elements.map(\.fullAnnotation).joined(separator: ", "))]"
        case .dict(.any), .object: "dict"
        case .dict(let value): "dict[str, \(value.fullAnnotation)]"
        case .union(let members): Self.joined(members.map(\.fullAnnotation))
        }
    }

    private var coarseAnnotation: String {
        switch self {
        case .list: "list"
        case .tuple: "tuple"
        case .dict: "dict"
        case .union(let members): Self.joined(members.map(\.coarseAnnotation))
        case .literal(let values): Self.joined(values.map(Self.typeName(ofLiteral:)))
        default: fullAnnotation
        }
    }

    private static func typeName(ofLiteral literal: String) -> String {
        literal.hasPrefix("\"") || literal.hasPrefix("'")
            ? "str" : literal == "True" || literal == "False" ? "bool" : "int"
    }

    private static func joined(_ members: [String]) -> String {
        var different: [String] = []
        for member in members where !different.contains(member) { different.append(member) }
        return different.contains("Any") ? "Any" : different.joined(separator: " | ")
    }

    /// Whether an outline says more than the annotation.
    var hasFields: Bool {
        switch self {
        case .object(let fields): !fields.isEmpty
        case .list(let shape), .dict(let shape): shape.hasFields
        case .tuple(let shapes), .union(let shapes): shapes.contains(where: \.hasFields)
        default: false
        }
    }

    /// Returns the structure, such as `{sku: str, lines: [{qty: int}], note?: str}`.
    ///
    /// - Parameter depth: how many levels of objects are shown; deeper ones are `{…}`.
    func outline(depth: Int = 2) -> String {
        switch self {
        case .object(let fields):
            guard depth > 0 else { return "{…}" }
            var parts = fields.prefix(Self.shownFields).map { field in
                "\(Self.shownName(field.name))\(field.isOptional ? "?" : ""): \(field.shape.outline(depth: depth - 1))"
            }
            if fields.count > Self.shownFields { parts.append("…") }
            return "{\(parts.joined(separator: ", "))}"
        case .list(.any): return "list"
        case .list(let element): return "[\(element.outline(depth: depth))]"
        case .tuple(let elements): return "(\(elements.map { $0.outline(depth: depth) }.joined(separator: ", ")))"
        case .dict(let value) where value != .any: return "dict[str, \(value.outline(depth: depth))]"
        case .union(let members): return Self.joined(members.map { $0.outline(depth: depth) })
        default: return annotation
        }
    }

    /// Returns a field's name, in quotes unless it is a simple word.
    private static func shownName(_ name: String) -> String {
        name.utf8.count <= 40 && PythonName.isASCIIWord(name, besides: "-")
            ? name : PythonLiteral.string(PythonLiteral.line(name, limit: 40))
    }
}
