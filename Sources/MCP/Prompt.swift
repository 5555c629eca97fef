public import JSON

/// A prompt as listed by `prompts/list`.
public struct Prompt: Sendable, Equatable {
    /// The name that identifies the prompt in `prompts/get`.
    public let name: String
    /// Display name.
    public let title: String
    /// The prompt's purpose.
    public let description: String
    /// The prompt's icons.
    public let icons: [Icon]

    /// A prompt without arguments.
    public init(name: String, title: String, description: String, icons: [Icon] = []) {
        self.name = name
        self.title = title
        self.description = description
        self.icons = icons
    }

    /// Returns the wire format with the fields that `revision` supports.
    public func json(for revision: Revision) -> JSON {
        var object: JSONObject = ["name": .string(name)]
        if revision.hasStructuredContent { object["title"] = .string(title) }
        object["description"] = .string(description)
        object.addIcons(icons, for: revision)
        return .object(object)
    }
}
