import JSON

/// Lists a directory.
struct ListDirectory: GuestParameters {
    static let operation = GuestOperation.listDirectory

    let path: String
    /// The maximum number of entries.
    let limit: Int
    let timeout: Double

    var json: JSON { ["path": .string(path), "limit": .integer(limit), "timeout": .double(timeout)] }
}

/// The entries of a directory.
public struct DirectoryEntries: Sendable, Equatable {
    /// The members of the guest's result, besides the entries.
    enum Name: String, CaseIterable {
        case path
        case truncated
    }

    /// The directory's absolute path.
    public let path: String
    /// The first ones by name.
    public let entries: [DirectoryEntry]
    /// Whether there are more.
    public let isTruncated: Bool

    /// Decodes the guest's reply.
    init(_ reply: Channel.Reply, limit: Int) throws(ExecError) {
        path = try FilePath.text(reply.result[Name.path])
        guard let listed = try? JSON.parse(reply.streams[0]).arrayValue else {
            throw ExecError(.sandboxEnded, "The sandbox answered without the entries of a directory.")
        }
        entries = listed.prefix(limit).compactMap(DirectoryEntry.init)
        isTruncated = reply.result[Name.truncated] == true
    }
}

/// An entry of a directory.
public struct DirectoryEntry: Sendable, Equatable {
    /// What an entry is.
    public enum Kind: String, Sendable, CaseIterable {
        case file, directory, link, other
    }

    /// The members of an entry.
    enum Name: String, CaseIterable {
        case name
        case kind
        case size
        case modified
        case uri
    }

    /// The longest name, with each byte replaced or percent-encoded, and the longest URI.
    private static let (maxNameLength, maxURILength) = (3 * 255, 3 * 4096 + 16)

    /// Its name, with bytes that aren't UTF-8 replaced.
    public let name: String
    /// What it is, without following a link.
    public let kind: Kind
    /// Its size in bytes.
    public let size: Int
    /// When it was last modified, in seconds since 1970; `nil` if unknown. The sandbox can set it to any value.
    public let modified: Int?
    /// The URI that names it if its name isn't UTF-8; `nil` if the name does.
    public let uri: String?

    init?(_ value: JSON) {
        guard let name = value[Name.name]?.stringValue, !name.isEmpty, name.utf8.count <= Self.maxNameLength,
            let kind = value[Name.kind]?.stringValue.flatMap(Kind.init), let size = value[Name.size]?.countValue
        else { return nil }
        let uri = value[Name.uri]?.stringValue
        guard (uri ?? "").utf8.count <= Self.maxURILength else { return nil }
        (self.name, self.kind, self.size, self.uri) = (name, kind, size, uri)
        modified = value[Name.modified]?.countValue
    }
}

extension Sandbox {
    /// The maximum number of entries that ``list(_:)`` returns.
    public static let listedEntries = 1000

    /// Room for this number of entries, each with a name and a URI of maximum length.
    private static let entriesRoom = 16 << 20

    /// Returns the first entries, by name, of a directory in `/workspace`, `/artifacts` or `/output`.
    ///
    /// - Parameter path: an absolute path or a `file:` URI.
    /// - Throws: ``ExecError``.
    public func list(_ path: String) async throws -> DirectoryEntries {
        let parameters = ListDirectory(path: path, limit: Self.listedEntries, timeout: Self.fileTimeout)
        let reply = try await callGuest(parameters, replyLimit: Self.entriesRoom, lane: .artifacts)
        return try DirectoryEntries(reply, limit: Self.listedEntries)
    }
}
