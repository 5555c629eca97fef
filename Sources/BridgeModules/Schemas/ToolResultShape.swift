public import JSON

extension ResultShape {
    /// Longer texts aren't looked at: they would have to be parsed.
    private static let maxText = 1 << 20

    /// The shape of what Python code gets of a tool's result; `nil` for a failure, and for a result that is too large
    /// to be looked at.
    ///
    /// - Parameter result: the members of the result, of a tool without an output schema.
    public init?(ofResult result: JSONObject) {
        guard result.given("isError") ?? false == false else { return nil }
        if let structured = result.given("structuredContent") {
            self.init(structured)
            return
        }
        var shapes: [TypeShape] = []
        for block in (result["content"]?.arrayValue ?? []).prefix(Self.maxElements) where block.objectValue != nil {
            guard let shape = Self.shape(ofBlock: block) else { return nil }
            shapes.append(shape)
        }
        guard let first = shapes.first else {
            self.init(learned: .none)
            return
        }
        self.init(learned: shapes.count == 1 ? first : .list(shapes.dropFirst().reduce(first, Self.merged)))
    }

    /// - Returns: `nil` if it is too large.
    private static func shape(ofBlock block: JSON) -> TypeShape? {
        switch block["type"]?.stringValue {
        case "text": shape(ofText: block["text"]?.stringValue ?? "")
        case "image", "audio": .file
        case "resource_link": .link
        case "resource":
            block["resource"]?["blob"]?.stringValue == nil
                ? shape(ofText: block["resource"]?["text"]?.stringValue ?? "") : .file
        default: shape(of: block)
        }
    }

    /// Only an object or an array counts as data.
    private static func shape(ofText text: String) -> TypeShape? {
        guard text.utf8.count <= maxText else { return nil }
        let start = text.utf8.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard start == UInt8(ascii: "{") || start == UInt8(ascii: "["),
            let value = try? JSON.parse(text, .exact, valueLimit: 200_000)
        else { return .str }
        return shape(of: value)
    }
}

extension TypeShape {
    /// What the package `servers` makes of binary content, and of a link to a resource.
    static let (file, link) = (TypeShape.named("File"), TypeShape.named("Link"))
}
