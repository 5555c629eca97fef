extension JSONObject {
    /// The members sorted by the bytes of their names, and so in every object within.
    public var canonical: JSONObject {
        sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .reduce(into: JSONObject()) { $0[$1.key] = $1.value.canonical }
    }
}

extension JSON {
    /// The value with the members of every object sorted by the bytes of their names.
    public var canonical: JSON {
        switch self {
        case .object(let members): .object(members.canonical)
        case .array(let elements): .array(elements.map(\.canonical))
        default: self
        }
    }
}
