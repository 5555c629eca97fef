public import JSON

/// A prompt as `prompts/list` shows it.
public struct Prompt: Sendable, Equatable {
    /// Name to get it by.
    public let name: String
    /// Name for people.
    public let title: String
    /// What it is for.
    public let description: String
    /// Pictures of it.
    public let icons: [Icon]

    /// A prompt without arguments.
    public init(name: String, title: String, description: String, icons: [Icon] = []) {
        self.name = name
        self.title = title
        self.description = description
        self.icons = icons
    }

    /// The prompt with the fields that `revision` knows.
    public func json(for revision: Revision) -> JSON {
        var object: JSONObject = ["name": .string(name)]
        if revision.hasStructuredContent { object["title"] = .string(title) }
        object["description"] = .string(description)
        object.addIcons(icons, for: revision)
        return .object(object)
    }
}
