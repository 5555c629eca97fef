public import JSON

/// A tool as listed by `tools/list`.
public struct Tool: Sendable, Equatable {
    /// The name that identifies the tool in calls.
    public let name: String
    /// Display name.
    public let title: String
    /// A description for the model.
    public let description: String
    /// The JSON Schema of the arguments.
    public let inputSchema: JSON
    /// The JSON Schema of the structured result; `nil` if it has none.
    public let outputSchema: JSON?
    /// Hints about the tool's effects.
    public let annotations: JSONObject
    /// The tool's icons.
    public let icons: [Icon]

    /// A tool.
    public init(
        name: String, title: String, description: String, inputSchema: JSON, outputSchema: JSON? = nil,
        annotations: JSONObject, icons: [Icon] = []
    ) {
        self.name = name
        self.title = title
        self.description = description
        self.inputSchema = inputSchema
        self.outputSchema = outputSchema
        self.annotations = annotations
        self.icons = icons
    }

    /// Returns the wire format with the fields that `revision` supports.
    public func json(for revision: Revision) -> JSON {
        var object: JSONObject = ["name": .string(name)]
        if revision.hasStructuredContent { object["title"] = .string(title) }
        object["description"] = .string(description)
        object["inputSchema"] = inputSchema
        if revision.hasStructuredContent { object["outputSchema"] = outputSchema }
        if revision.hasToolAnnotations { object["annotations"] = .object(annotations) }
        object.addIcons(icons, for: revision)
        return .object(object)
    }
}

/// One block of a tool result's content.
public enum ContentBlock: Sendable, Equatable {
    case text(String)
    /// A picture's bytes and media type.
    case image(data: [UInt8], mediaType: String)
    /// A resource that the client may read by its URI. The size is in bytes; `nil` if unknown.
    case resourceLink(uri: String, name: String, mediaType: String, size: Int?)

    /// Returns the wire format in `revision`. In revisions without resource links, a link becomes a line of text.
    public func json(for revision: Revision) -> JSON {
        switch self {
        case .text(let text):
            return ["type": "text", "text": .string(text)]
        case .image(let data, let mediaType):
            return ["type": "image", "data": .string(Base64.encode(data)), "mimeType": .string(mediaType)]
        case .resourceLink(let uri, let name, let mediaType, let size) where revision.hasStructuredContent:
            var link: JSONObject = [
                "type": "resource_link", "uri": .string(uri), "name": .string(name), "mimeType": .string(mediaType),
            ]
            link["size"] = size.map { .integer($0) }
            return .object(link)
        case .resourceLink:
            return withoutLink.json(for: revision)
        }
    }

    /// The block, with a link replaced by a line of text.
    public var withoutLink: ContentBlock {
        guard case .resourceLink(let uri, _, let mediaType, let size) = self else { return self }
        let length = size.map { ", \($0) bytes" } ?? ""
        return .text("\(uri) (\(mediaType)\(length))")
    }
}

/// The result of a tool call.
public struct ToolResult: Sendable, Equatable {
    /// Content for the model.
    public let content: [ContentBlock]
    /// Structured content for programs, if the tool has an output schema.
    public let structuredContent: JSON?
    /// Whether the tool failed.
    public let isError: Bool
    /// What exec-mcp says about a command to programs that show it; `nil` if it says nothing.
    public let report: CommandReport?

    /// A result.
    public init(
        content: [ContentBlock], structuredContent: JSON? = nil, isError: Bool = false, report: CommandReport? = nil
    ) {
        self.content = content
        self.structuredContent = structuredContent
        self.isError = isError
        self.report = report
    }

    /// Returns a failure that the model can read.
    public static func failure(_ message: String) -> ToolResult {
        ToolResult(content: [.text(message)], isError: true)
    }

    /// Returns the members of the result that `revision` supports.
    public func members(for revision: Revision) -> JSONObject {
        var object: JSONObject = ["content": .array(content.map { $0.json(for: revision) })]
        if revision.hasStructuredContent { object["structuredContent"] = structuredContent }
        if isError { object["isError"] = true }
        if let report { object["_meta"] = [CommandReport.metaKey: report.json] }
        return object
    }
}
