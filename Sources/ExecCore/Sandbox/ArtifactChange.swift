import JSON

/// Changes to the artifacts of a sandbox since the previous report.
public struct ArtifactChange: Sendable, Equatable {
    /// Maximum number of names of each kind in a report.
    static let maxNames = 100

    /// Names of artifacts that are new.
    public let added: [String]
    /// Names of artifacts whose content changed.
    public let modified: [String]
    /// Names of artifacts that no longer exist.
    public let removed: [String]
    /// Whether the lists are complete. If more than a hundred names of one kind changed, the rest are left out.
    public let isComplete: Bool

    /// Whether names were added or removed.
    public var listChanged: Bool { !added.isEmpty || !removed.isEmpty }

    /// Creates a change to report.
    public init(added: [String] = [], modified: [String] = [], removed: [String] = [], isComplete: Bool = true) {
        self.added = added
        self.modified = modified
        self.removed = removed
        self.isComplete = isComplete
    }

    /// Returns the change with other names.
    public func mappingNames(_ change: (String) -> String) -> ArtifactChange {
        ArtifactChange(
            added: added.map(change), modified: modified.map(change), removed: removed.map(change),
            isComplete: isComplete)
    }

    /// The member names on the channel.
    enum Name: String, CaseIterable {
        case added
        case modified
        case removed
        case more
    }

    /// Parses a guest's report; `nil` if it isn't a valid one.
    init?(_ value: JSON) {
        guard let added = Self.names(value[Name.added]), let modified = Self.names(value[Name.modified]),
            let removed = Self.names(value[Name.removed]), let hasMore = value[Name.more]?.boolValue
        else { return nil }
        self.init(added: added, modified: modified, removed: removed, isComplete: !hasMore)
    }

    private static func names(_ value: JSON?) -> [String]? {
        guard let values = value?.arrayValue, values.count <= maxNames else { return nil }
        let names = values.compactMap(\.stringValue).filter(Artifact.isName)
        return names.count == values.count ? names : nil
    }
}
