public import JSON

/// What a tool's results look like, learned from the first ones: names and types, never values.
public struct ResultShape: Sendable, Equatable {
    /// How many results are looked at before the shape counts as known.
    public static let maxSamples = 5
    static let (maxDepth, maxFields, maxElements) = (6, 32, 50)
    /// How many parts a shape has at most, and how many values of one result are looked at.
    private static let (maxParts, maxValues) = (200, 20_000)

    private(set) var shape: TypeShape
    /// The number of results that were merged.
    public private(set) var samples: Int

    init(shape: TypeShape, samples: Int) {
        self.shape = shape
        self.samples = samples
    }

    /// The shape of a first result.
    public init(_ value: JSON) {
        self.init(learned: Self.shape(of: value))
    }

    init(learned shape: TypeShape) {
        self.init(shape: shape.limited(to: Self.maxParts), samples: 1)
    }

    /// Merges a further result. Does nothing once enough results were seen.
    public mutating func merge(_ value: JSON) {
        merge(ResultShape(value))
    }

    /// Merges the shape of a further result. Does nothing once enough results were seen.
    public mutating func merge(_ other: ResultShape) {
        guard !isKnown else { return }
        samples += 1
        shape = Self.merged(shape, other.shape).limited(to: Self.maxParts)
    }

    /// Whether enough results were seen.
    public var isKnown: Bool { samples >= Self.maxSamples }

    /// The structure, such as `{order_id: str, items: [{…}], note?: str}`: at most 600 characters.
    public var text: String { shape.outline().truncated(to: 600) }

    // MARK: Learning

    static func shape(of value: JSON) -> TypeShape {
        var left = maxValues
        return shape(of: value, depth: 0, &left)
    }

    /// - Parameter left: how many more values are looked at.
    private static func shape(of value: JSON, depth: Int, _ left: inout Int) -> TypeShape {
        left -= 1
        guard depth < maxDepth, left >= 0 else { return .any }
        switch value {
        case .null: return .none
        case .bool: return .bool
        case .integer: return .int
        case .double: return .float
        case .verbatim(let text): return text.contains { ".eE".contains($0) } ? .float : .int
        case .string: return .str
        case .array(let elements):
            guard let first = elements.first else { return .list(.any) }
            var element = shape(of: first, depth: depth + 1, &left)
            for other in elements.dropFirst().prefix(maxElements) {
                element = merged(element, shape(of: other, depth: depth + 1, &left))
            }
            return .list(element)
        case .object(let object):
            guard !object.isEmpty else { return .dict(.any) }
            var fields: [TypeShape.Field] = []
            for member in object {
                guard fields.count <= maxFields, FieldName.isName(member.key, of: member.value) else {
                    return mapping(
                        object.prefix(maxElements).map { shape(of: $0.value, depth: depth + 1, &left) })
                }
                let value = shape(of: member.value, depth: depth + 1, &left)
                fields.append(TypeShape.Field(name: member.key, shape: value, isOptional: false))
            }
            return isMapping(fields) ? mapping(fields.map(\.shape)) : .object(fields)
        }
    }

    /// Whether the members of an object look like entries of a table: several objects of one structure.
    private static func isMapping(_ fields: [TypeShape.Field]) -> Bool {
        guard fields.count >= 3, case .object = fields[0].shape else { return false }
        return fields.allSatisfy { $0.shape == fields[0].shape }
    }

    private static func mapping(_ values: [TypeShape]) -> TypeShape {
        guard let first = values.first else { return .dict(.any) }
        return .dict(values.dropFirst().reduce(first, merged))
    }

    static func merged(_ left: TypeShape, _ right: TypeShape) -> TypeShape {
        switch (left, right) {
        case _ where left == right: return left
        case (.int, .float), (.float, .int): return .float
        case (.list(let first), .list(let second)):
            if first == .any { return right }
            return second == .any ? left : .list(merged(first, second))
        case (.object(let first), .object(let second)): return merged(first, second)
        case (.dict(.any), .object(let fields)), (.object(let fields), .dict(.any)):
            // An empty object: all its fields were left out.
            return .object(fields.map { TypeShape.Field(name: $0.name, shape: $0.shape, isOptional: true) })
        case (.dict(let first), .dict(let second)):
            if first == .any { return right }
            return second == .any ? left : .dict(merged(first, second))
        case (.dict(let value), .object(let fields)), (.object(let fields), .dict(let value)):
            return .dict(fields.map(\.shape).reduce(value, merged))
        case (.union(let members), let other), (let other, .union(let members)):
            return union(members, other)
        default: return .union(of: [left, right])
        }
    }

    /// Merges a type into the member of a union that is of its kind.
    private static func union(_ members: [TypeShape], _ other: TypeShape) -> TypeShape {
        if case .union(let others) = other { return others.reduce(.union(of: members), merged) }
        if let place = members.firstIndex(where: { $0.isSameKind(as: other) }) {
            var members = members
            members[place] = merged(members[place], other)
            return .union(of: members)
        }
        return .union(of: members + [other])
    }

    private static func merged(_ left: [TypeShape.Field], _ right: [TypeShape.Field]) -> TypeShape {
        var places: [String: Int] = [:]
        for (place, field) in left.enumerated() { places[field.name] = place }
        var fields = left
        var common: Set<Int> = []
        for field in right {
            if let place = places[field.name] {
                common.insert(place)
                fields[place].shape = merged(fields[place].shape, field.shape)
                fields[place].isOptional = fields[place].isOptional || field.isOptional
            } else {
                fields.append(TypeShape.Field(name: field.name, shape: field.shape, isOptional: true))
            }
        }
        for place in left.indices where !common.contains(place) { fields[place].isOptional = true }
        // No name in common and values of one type: the names are data.
        let isTable = common.isEmpty && fields.dropFirst().allSatisfy { $0.shape == fields[0].shape }
        return isTable || fields.count > maxFields ? mapping(fields.map(\.shape)) : .object(fields)
    }
}

extension TypeShape {
    /// Returns the type with at most `count` parts; what is beyond that may be anything.
    fileprivate func limited(to count: Int) -> TypeShape {
        var left = count
        return limited(&left)
    }

    private func limited(_ left: inout Int) -> TypeShape {
        left -= 1
        guard left >= 0 else { return .any }
        switch self {
        case .list(let element): return .list(element.limited(&left))
        case .dict(let value): return .dict(value.limited(&left))
        case .union(let members): return .union(of: members.map { $0.limited(&left) })
        case .object(let fields):
            return .object(
                fields.map { Field(name: $0.name, shape: $0.shape.limited(&left), isOptional: $0.isOptional) })
        default: return self
        }
    }

    fileprivate func isSameKind(as other: TypeShape) -> Bool {
        switch (self, other) {
        case (.list, .list), (.object, .object), (.dict, .dict), (.object, .dict), (.dict, .object), (.int, .float),
            (.float, .int):
            true
        default: self == other
        }
    }
}
