public import JSON

/// A tool as `tools/list` shows it.
public struct Tool: Sendable, Equatable {
    /// Name to call it by.
    public let name: String
    /// Name for people.
    public let title: String
    /// What it does, for the model.
    public let description: String
    /// JSON Schema of its arguments.
    public let inputSchema: JSON
    /// JSON Schema of its structured result; `nil` where it has none.
    public let outputSchema: JSON?
    /// Hints about its effects.
    public let annotations: JSONObject
    /// Pictures of it.
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

    /// The tool with the fields that `revision` knows.
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

/// A piece of what a tool returns.
public enum ContentBlock: Sendable, Equatable {
    case text(String)
    /// A picture's bytes and media type.
    case image(data: [UInt8], mediaType: String)
    /// Something that the client may read by its URI. The size is in bytes; `nil` where it is not known.
    case resourceLink(uri: String, name: String, mediaType: String, size: Int?)

    /// The block as it is written in `revision`: a link, where there are none, is a line of text.
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

    /// The block with a line of text in the place of a link.
    public var withoutLink: ContentBlock {
        guard case .resourceLink(let uri, _, let mediaType, let size) = self else { return self }
        let length = size.map { ", \($0) bytes" } ?? ""
        return .text("\(uri) (\(mediaType)\(length))")
    }
}

/// What a tool returns.
public struct ToolResult: Sendable, Equatable {
    /// For the model to read.
    public let content: [ContentBlock]
    /// For programs, where the tool has an output schema.
    public let structuredContent: JSON?
    /// Whether the tool could not do what was asked.
    public let isError: Bool

    /// A result.
    public init(content: [ContentBlock], structuredContent: JSON? = nil, isError: Bool = false) {
        self.content = content
        self.structuredContent = structuredContent
        self.isError = isError
    }

    /// A failure that the model is to read.
    public static func failure(_ message: String) -> ToolResult {
        ToolResult(content: [.text(message)], isError: true)
    }

    /// The result with the fields that `revision` knows.
    public func members(for revision: Revision) -> JSONObject {
        var object: JSONObject = ["content": .array(content.map { $0.json(for: revision) })]
        if revision.hasStructuredContent { object["structuredContent"] = structuredContent }
        if isError { object["isError"] = true }
        return object
    }
}
