public import JSON

/// Something that a client may read by its URI, as `resources/list` shows it.
public struct Resource: Sendable, Equatable {
    /// The media type of a directory (`io.modelcontextprotocol/skills`, Directory Listing).
    public static let directoryType = "inode/directory"

    /// What it is read by.
    public let uri: String
    /// Name for programs.
    public let name: String
    /// Name for people; `nil` where the name will do.
    public let title: String?
    /// What it is; `nil` where the name says it.
    public let description: String?
    /// Its type, as MIME has it.
    public let mediaType: String
    /// Its size in bytes; `nil` where it has none or it is not known.
    public let size: Int?
    /// When it was last changed, in seconds since 1970; `nil` where that is not known.
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

    /// The resource with the fields that `revision` knows.
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

/// A pattern of URIs (RFC 6570) that `resources/templates/list` shows.
public struct ResourceTemplate: Sendable, Equatable {
    /// The pattern.
    public let uriTemplate: String
    /// Name for programs.
    public let name: String
    /// Name for people.
    public let title: String
    /// What is behind such a URI.
    public let description: String

    /// A template.
    public init(uriTemplate: String, name: String, title: String, description: String) {
        self.uriTemplate = uriTemplate
        self.name = name
        self.title = title
        self.description = description
    }

    /// The template with the fields that `revision` knows.
    public func json(for revision: Revision) -> JSON {
        var object: JSONObject = ["uriTemplate": .string(uriTemplate), "name": .string(name)]
        if revision.hasStructuredContent { object["title"] = .string(title) }
        object["description"] = .string(description)
        return .object(object)
    }
}

/// What `resources/read` gives: text, or bytes as base64.
public struct ResourceContents: Sendable, Equatable {
    /// What was read.
    public let uri: String
    /// Its type.
    public let mediaType: String
    /// Its bytes.
    public let bytes: [UInt8]

    /// The contents of `uri`.
    public init(uri: String, mediaType: String, bytes: [UInt8]) {
        self.uri = uri
        self.mediaType = mediaType
        self.bytes = bytes
    }

    /// The contents as they are written. What is UTF-8 without NUL goes as text, all else as a blob, so that either way
    /// the client has the same bytes.
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
