public import JSON

/// Who a server is.
public struct Implementation: Sendable, Equatable {
    /// Name for programs.
    public let name: String
    /// Name for people.
    public let title: String
    /// The program's version.
    public let version: String
    /// What it does, in a sentence.
    public let summary: String
    /// Where people read more about it; `nil` for nowhere.
    public let websiteURL: String?
    /// Pictures of it.
    public let icons: [Icon]

    /// A server's description of itself.
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

    /// The description with the fields that `revision` knows.
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

    /// What is enough to tell who made a result; the rest is said once, in the handshake.
    var brief: JSON { ["name": .string(name), "title": .string(title), "version": .string(version)] }
}
