import JSON
import MCP

extension Tool {
    /// Parses an element of `tools/list`.
    ///
    /// - Parameter remark: called with each defect of a tool that is usable all the same.
    init(answered value: JSON, remark: (String) -> Void = { _ in }) throws(MCPClientError) {
        let fields = try Fields(value, of: "a tool")
        let name = try fields.string("name")
        guard !name.isEmpty else { throw .malformed("a tool without a name") }
        let named = try Fields(value, of: "the tool \(name.beginning(100))")
        self.init(
            name: name, title: named.description("title") ?? name,
            description: named.description("description") ?? "",
            inputSchema: .object(Self.schema(in: named, remark)),
            outputSchema: named.value("outputSchema")?.objectValue.map(JSON.object),
            annotations: named.value("annotations")?.objectValue ?? JSONObject())
    }
}

extension Tool {
    /// The names that programs use for a tool's input schema.
    private static let schemaNames = ["inputSchema", "input_schema", "parameters"]

    /// Returns the schema of a tool's arguments. If it is unreadable, returns one that accepts any object; the tool
    /// itself then reports invalid arguments.
    private static func schema(in tool: Fields, _ remark: (String) -> Void) -> JSONObject {
        for name in schemaNames {
            if let schema = object(tool.value(name)) { return schema }
        }
        let problem: String
        do throws(MCPClientError) {
            _ = try tool.object(schemaNames[0])
            problem = ""
        } catch {
            problem = error.reason
        }
        remark("\(problem); the tool is used without it")
        return ["type": "object"]
    }

    /// Returns an object; also accepts PHP's empty array and an object encoded as a string.
    private static func object(_ value: JSON?) -> JSONObject? {
        switch value {
        case .object(let members)?: members
        case .array(let elements)? where elements.isEmpty: JSONObject()
        case .string(let text)?: (try? JSON.parse(text, .lenient))?.objectValue
        default: nil
        }
    }
}

extension ToolResult {
    /// Parses the response to `tools/call`. The tool has run, so a defect in one part must not discard the rest.
    ///
    /// - Parameter remark: called with each defect.
    init(answered result: JSONObject, remark: (String) -> Void) {
        let fields = Fields(result, of: "a tool's result")
        self.init(
            content: ContentBlock.all(answered: fields.value("content"), remark: remark),
            structuredContent: result.given("structuredContent"), isError: fields.flag("isError"),
            report: CommandReport(result["_meta"]?[CommandReport.metaKey]))
    }
}

extension ContentBlock {
    /// The media type of data without one.
    static let unknownType = "application/octet-stream"
    /// Maximum number of Unicode scalars quoted from a block of an unknown type.
    private static let maxShownLength = 2000

    /// Maximum number of Unicode scalars quoted from an unreadable block.
    private static let maxShownOfUnreadable = 300

    /// Parses the content of a result: an array of blocks, or a single one. An unreadable block is replaced by a text
    /// that says so.
    static func all(answered value: JSON?, remark: (String) -> Void) -> [ContentBlock] {
        let values: [JSON] =
            switch value {
            case nil, .null: []
            case .array(let elements): elements
            case .some(let other): [other]
            }
        return values.map { value in
            if case .string(let text) = value { return .text(text) }
            do throws(MCPClientError) {
                return try ContentBlock(answered: value)
            } catch {
                remark("a block of a tool's result cannot be read: \(error.reason)")
                let shown = value.text.beginning(maxShownOfUnreadable)
                return .text("[Content that cannot be read, because \(error.reason): \(shown)]")
            }
        }
    }

    /// Parses a content block. Audio and unknown types, which can't be represented, become a text that says so.
    init(answered value: JSON) throws(MCPClientError) {
        let fields = try Fields(value, of: "a content block")
        // A block with a text but no type can only be text.
        let isText = fields.value("type") == nil && fields.value("text")?.stringValue != nil
        switch isText ? "text" : try fields.string("type").lowercased() {
        case "text":
            self = .text(try fields.string("text"))
        case "image":
            self = .image(data: try fields.bytes("data"), mediaType: fields.description("mimeType") ?? Self.unknownType)
        case "audio":
            let bytes = try fields.bytes("data").count
            let type = fields.description("mimeType") ?? Self.unknownType
            self = .text("[Audio, \(type), \(bytes) bytes: it cannot be played here.]")
        case "resource_link":
            let uri = try fields.string("uri")
            self = .resourceLink(
                uri: uri, name: fields.description("name") ?? uri,
                mediaType: fields.description("mimeType") ?? Self.unknownType, size: fields.size("size"))
        case "resource":
            self = try Self.embedded(try ResourceContents(answered: .object(try fields.object("resource"))))
        case let type:
            let shown = value.text.beginning(Self.maxShownLength)
            self = .text("[Content of the unknown type \(type.beginning(64)): \(shown)]")
        }
    }

    /// Returns the block for a resource that is embedded in a response.
    private static func embedded(_ resource: ResourceContents) throws(MCPClientError) -> ContentBlock {
        if resource.mediaType.hasPrefix("image/") {
            return .image(data: resource.bytes, mediaType: resource.mediaType)
        }
        let title = "\(resource.uri) (\(resource.mediaType))"
        guard let text = String(validating: resource.bytes, as: UTF8.self) else {
            return .text("[\(title), \(resource.bytes.count) bytes that aren't text.]")
        }
        return .text("\(title):\n\(text)")
    }
}
