public import JSON

/// A server's identity.
public struct Implementation: Sendable, Equatable {
    /// Name for programs.
    public let name: String
    /// Display name.
    public let title: String
    /// The program's version.
    public let version: String
    /// A one-sentence description.
    public let summary: String
    /// Web page with more information; `nil` for none.
    public let websiteURL: String?
    /// The program's icons.
    public let icons: [Icon]

    /// An identity.
    public init(
        name: String, title: String, version: String, summary: String, websiteURL: String? = nil, icons: [Icon] = []
    ) {
        self.name = name
        self.title = title
        self.version = version
        self.summary = summary
        self.websiteURL = websiteURL
        self.icons = icons
    }

    /// Returns the wire format with the fields that `revision` supports.
    public func json(for revision: Revision) -> JSON {
        var object: JSONObject = ["name": .string(name)]
        if revision.hasStructuredContent { object["title"] = .string(title) }
        object["version"] = .string(version)
        if revision.hasImplementationDetails {
            object["description"] = .string(summary)
            object["websiteUrl"] = websiteURL.map(JSON.string)
        }
        object.addIcons(icons, for: revision)
        return .object(object)
    }

    /// The short form that identifies who produced a result; the rest is sent once, in the handshake.
    var brief: JSON { ["name": .string(name), "title": .string(title), "version": .string(version)] }
}
