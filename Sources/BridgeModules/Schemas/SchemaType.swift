public import JSON

/// A JSON Schema as a Python type.
public struct SchemaType: Sendable, Equatable {
    let shape: TypeShape
    /// What is wrong with the schema, for the log: the first fault found; `nil` if none. The type is still
    /// usable: what can't be read is `Any`.
    public let fault: String?

    /// Reads a schema. Takes time linear in its size, however it refers to itself.
    ///
    /// - Parameter root: the document that local references (`#/$defs/…`) point into; by default the schema itself.
    public init(_ schema: JSON, root: JSON? = nil) {
        var reader = SchemaReader(root: root ?? schema)
        shape = reader.read(schema)
        fault = reader.fault
    }

    /// The annotation, such as `list[str] | None`: one line of at most a few hundred characters.
    public var annotation: String { shape.annotation }

    /// The structure of an object or of the objects in it, two levels deep, such as `{sku: str, note?: str}`; `nil` if
    /// the annotation says it all.
    public var outline: String? { shape.hasFields ? shape.outline() : nil }
}
