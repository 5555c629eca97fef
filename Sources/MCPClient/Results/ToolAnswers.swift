import JSON
import MCP

extension Tool {
    /// Reads an element of `tools/list`.
    init(answered value: JSON) throws(MCPClientError) {
        let fields = try Fields(value, of: "a tool")
        let name = try fields.string("name")
        guard !name.isEmpty else { throw .malformed("a tool without a name") }
        let named = try Fields(value, of: "the tool \(name.prefix(100))")
        self.init(
            name: name, title: try named.optionalString("title") ?? name,
            description: try named.optionalString("description") ?? "",
            inputSchema: .object(try named.object("inputSchema")),
            outputSchema: try named.optionalObject("outputSchema").map(JSON.object),
            annotations: try named.optionalObject("annotations") ?? JSONObject())
    }
}

extension ToolResult {
    /// Reads the answer to `tools/call`.
    init(answered result: JSONObject) throws(MCPClientError) {
        let fields = Fields(result, of: "a tool's result")
        var content: [ContentBlock] = []
        for block in try fields.array("content") { content.append(try ContentBlock(answered: block)) }
        self.init(
            content: content, structuredContent: fields.value("structuredContent"),
            isError: try fields.optionalBool("isError") ?? false)
    }
}

extension ContentBlock {
    /// The type of what nobody says the type of.
    static let unknownType = "application/octet-stream"
    /// Characters of a block of an unknown kind that are shown.
    private static let shownLength = 2000

    /// Reads a block of content. What there is no block for here, sound and kinds to come, becomes text that says so.
    init(answered value: JSON) throws(MCPClientError) {
        let fields = try Fields(value, of: "a content block")
        switch try fields.string("type") {
        case "text":
            self = .text(try fields.string("text"))
        case "image":
            self = .image(data: try fields.bytes("data"), mediaType: try fields.string("mimeType"))
        case "audio":
            let bytes = try fields.bytes("data").count
            self = .text("[Sound, \(try fields.string("mimeType")), \(bytes) bytes: it cannot be played here.]")
        case "resource_link":
            let uri = try fields.string("uri")
            self = .resourceLink(
                uri: uri, name: try fields.optionalString("name") ?? uri,
                mediaType: try fields.optionalString("mimeType") ?? Self.unknownType, size: fields.size("size"))
        case "resource":
            self = try Self.embedded(try ResourceContents(answered: .object(try fields.object("resource"))))
        case let type:
            let shown = value.text.prefix(Self.shownLength)
            self = .text("[Content of the kind \(type.prefix(64)), which is not known here: \(shown)]")
        }
    }

    /// What a server put into its answer instead of a link.
    private static func embedded(_ resource: ResourceContents) throws(MCPClientError) -> ContentBlock {
        if resource.mediaType.hasPrefix("image/") {
            return .image(data: resource.bytes, mediaType: resource.mediaType)
        }
        let title = "\(resource.uri) (\(resource.mediaType))"
        guard let text = String(validating: resource.bytes, as: UTF8.self) else {
            return .text("[\(title), \(resource.bytes.count) bytes that are no text.]")
        }
        return .text("\(title):\n\(text)")
    }
}
