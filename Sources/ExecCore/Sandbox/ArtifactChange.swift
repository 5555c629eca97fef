import JSON

/// What has happened to the artifacts of a sandbox since the last such report.
public struct ArtifactChange: Sendable, Equatable {
    /// How many names of each kind a report holds at most.
    static let maximumNames = 100

    /// Names of artifacts that were not there before.
    public let added: [String]
    /// Names of artifacts with another content than before.
    public let modified: [String]
    /// Names of artifacts that are no longer there.
    public let removed: [String]
    /// Whether these are all: where more than a hundred names of one kind changed, the others are left out.
    public let isComplete: Bool

    /// Whether names came or went.
    public var listChanged: Bool { !added.isEmpty || !removed.isEmpty }

    /// A change to tell of.
    public init(added: [String] = [], modified: [String] = [], removed: [String] = [], isComplete: Bool = true) {
        self.added = added
        self.modified = modified
        self.removed = removed
        self.isComplete = isComplete
    }

    /// The names that these have on the channel.
    enum Name: String, CaseIterable {
        case added
        case modified
        case removed
        case more
    }

    /// Takes what the guest says, if it is what a guest says.
    init?(_ value: JSON) {
        guard let added = Self.names(value[Name.added]), let modified = Self.names(value[Name.modified]),
            let removed = Self.names(value[Name.removed]), let hasMore = value[Name.more]?.boolValue
        else { return nil }
        self.init(added: added, modified: modified, removed: removed, isComplete: !hasMore)
    }

    private static func names(_ value: JSON?) -> [String]? {
        guard let values = value?.arrayValue, values.count <= maximumNames else { return nil }
        let names = values.compactMap(\.stringValue).filter(Artifact.isName)
        return names.count == values.count ? names : nil
    }
}
