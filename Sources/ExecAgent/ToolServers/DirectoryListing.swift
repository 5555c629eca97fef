import JSON
import MCP

/// The entries of a directory.
struct DirectoryListing: Sendable, Equatable {
    /// An entry.
    struct Entry: Sendable, Equatable {
        let name: String
        /// The path to read it by: a `file:` URI if its name isn't text.
        let path: String
        let kind: SandboxMethod.EntryKind
        /// In bytes.
        let size: Int
        /// ISO 8601, UTC; `nil` if unknown.
        let modified: String?

        init?(_ value: JSON) {
            guard let name = value["name"]?.stringValue, let path = value["path"]?.stringValue else { return nil }
            (self.name, self.path) = (name, path)
            kind = value["kind"]?.stringValue.flatMap(SandboxMethod.EntryKind.init) ?? .other
            size = max(value["size"]?.integerValue ?? 0, 0)
            modified = value["modified"]?.stringValue
        }
    }

    /// The directory.
    let path: String
    /// By name.
    let entries: [Entry]
    /// Whether the directory has more entries.
    let isTruncated: Bool

    init?(_ result: JSONObject) {
        guard let path = result["path"]?.stringValue, let entries = result["entries"]?.arrayValue else { return nil }
        self.path = path
        self.entries = entries.compactMap(Entry.init)
        isTruncated = result["truncated"] == true
    }
}
