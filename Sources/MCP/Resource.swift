public import JSON

/// A resource that a client may read by its URI, as listed by `resources/list`.
public struct Resource: Sendable, Equatable {
    /// The media type of a directory (`io.modelcontextprotocol/skills`, Directory Listing).
    public static let directoryType = "inode/directory"

    /// The URI to read it by.
    public let uri: String
    /// Name for programs.
    public let name: String
    /// Display name; `nil` if the name is enough.
    public let title: String?
    /// A description; `nil` if the name is enough.
    public let description: String?
    /// The MIME type.
    public let mediaType: String
    /// The size in bytes; `nil` if unknown or not applicable.
    public let size: Int?
    /// The time of the last modification, in seconds since 1970; `nil` if unknown.
    public let modified: Int?

    /// A resource.
    public init(
        uri: String, name: String, title: String? = nil, description: String? = nil, mediaType: String,
        size: Int? = nil, modified: Int? = nil
    ) {
        self.uri = uri
        self.name = name
        self.title = title
        self.description = description
        self.mediaType = mediaType
        self.size = size
        self.modified = modified
    }

    /// Returns the wire format with the fields that `revision` supports.
    public func json(for revision: Revision) -> JSON {
        var object: JSONObject = ["uri": .string(uri), "name": .string(name)]
        if revision.hasStructuredContent { object["title"] = title.map(JSON.string) }
        object["description"] = description.map(JSON.string)
        object["mimeType"] = .string(mediaType)
        object["size"] = size.map { .integer($0) }
        if revision.hasStructuredContent, let modified {
            object["annotations"] = ["lastModified": .string(Timestamp.text(secondsSince1970: modified))]
        }
        return .object(object)
    }
}

/// A URI template (RFC 6570) as listed by `resources/templates/list`.
public struct ResourceTemplate: Sendable, Equatable {
    /// The template.
    public let uriTemplate: String
    /// Name for programs.
    public let name: String
    /// Display name.
    public let title: String
    /// What the URIs refer to.
    public let description: String

    /// A template.
    public init(uriTemplate: String, name: String, title: String, description: String) {
        self.uriTemplate = uriTemplate
        self.name = name
        self.title = title
        self.description = description
    }

    /// Returns the wire format with the fields that `revision` supports.
    public func json(for revision: Revision) -> JSON {
        var object: JSONObject = ["uriTemplate": .string(uriTemplate), "name": .string(name)]
        if revision.hasStructuredContent { object["title"] = .string(title) }
        object["description"] = .string(description)
        return .object(object)
    }
}

/// The contents returned by `resources/read`: text, or bytes as base64.
public struct ResourceContents: Sendable, Equatable {
    /// The URI of the resource that was read.
    public let uri: String
    /// The MIME type.
    public let mediaType: String
    /// The content.
    public let bytes: [UInt8]

    /// The contents of `uri`.
    public init(uri: String, mediaType: String, bytes: [UInt8]) {
        self.uri = uri
        self.mediaType = mediaType
        self.bytes = bytes
    }

    /// The contents on the wire: valid UTF-8 without NUL is sent as text, everything else as a blob, so that the
    /// client always gets the same bytes.
    public var json: JSON {
        var object: JSONObject = ["uri": .string(uri), "mimeType": .string(mediaType)]
        if !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) {
            object["text"] = .string(text)
        } else {
            object["blob"] = .string(Base64.encode(bytes))
        }
        return .object(object)
    }
}
