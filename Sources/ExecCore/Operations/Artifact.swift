import JSON

/// Lists the artifacts.
struct ListArtifacts: GuestParameters {
    static let operation = GuestOperation.listArtifacts

    /// Maximum size of an artifact, in bytes.
    let limit: Int
    let timeout: Double

    var json: JSON { ["limit": .integer(limit), "timeout": .double(timeout)] }
}

/// Reads an artifact.
struct ReadArtifact: GuestParameters {
    static let operation = GuestOperation.readArtifact

    let name: String
    /// Maximum size of the artifact, in bytes.
    let limit: Int
    let timeout: Double

    var json: JSON { ["name": .string(name), "limit": .integer(limit), "timeout": .double(timeout)] }
}

/// A file in `/artifacts`, offered to the user.
public struct Artifact: Sendable, Equatable {
    /// The members of an artifact's description by the guest, in a listing and in a command's result.
    enum Name: String, CaseIterable {
        case name
        case size
        case modified
        case version
    }

    /// The additional members in a command's result.
    enum ChangeName: String, CaseIterable {
        case change
    }

    private static let maxVersionLength = 200
    /// The longest file name, in bytes.
    private static let maxNameLength = 255

    /// Its file name.
    public let name: String
    /// Its size in bytes.
    public let size: Int
    /// When it was last modified, in seconds since 1970; `nil` if unknown. The sandbox can set it to any value.
    public let modified: Int?
    /// Changes when the file does; empty if unknown.
    public let version: String
    /// Whether the command added it, in a command's result.
    public let isNew: Bool

    init?(_ value: JSON) {
        guard let name = value[Name.name]?.stringValue, let size = value[Name.size]?.countValue,
            Self.isName(name)
        else { return nil }
        self.name = name
        self.size = size
        modified = value[Name.modified]?.countValue
        let version = value[Name.version]?.stringValue ?? ""
        self.version = version.utf8.count <= Self.maxVersionLength ? version : ""
        isNew = value[ChangeName.change]?.stringValue == "new"
    }

    private init(_ artifact: Artifact, name: String) {
        self.name = name
        (size, modified, version, isNew) = (artifact.size, artifact.modified, artifact.version, artifact.isNew)
    }

    /// Returns the artifact under another name.
    public func named(_ name: String) -> Artifact { Artifact(self, name: name) }

    /// Whether `name` is a valid artifact name: not empty, not hidden, without a path, at most 255 bytes.
    public static func isName(_ name: String) -> Bool {
        // Compares bytes, because a grapheme cluster that starts with a full stop is a different character.
        let bytes = name.utf8
        return !bytes.isEmpty && bytes.count <= maxNameLength && bytes.first != UInt8(ascii: ".")
            && !bytes.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
    }
}

/// The content of an artifact.
public struct ArtifactContent: Sendable, Equatable {
    /// The unmodified bytes.
    public let bytes: [UInt8]
    /// Whether it starts like a picture but is incomplete, so that it should not be treated as one.
    public let isBrokenPicture: Bool

    /// The members of the guest's result, besides the bytes.
    enum Name: String, CaseIterable {
        case isBrokenPicture = "is_broken_picture"
    }

    /// Decodes the guest's reply.
    init(_ reply: Channel.Reply) {
        bytes = reply.streams[0]
        isBrokenPicture = reply.result[Name.isBrokenPicture] == true
    }
}

extension Sandbox {
    /// Maximum number of artifacts in a listing: the first ones by name.
    public static let listedArtifacts = 1000

    /// Room for ``listedArtifacts`` names of maximum length with every byte escaped.
    private static let listingRoom = 2 << 20

    /// Lists the artifacts, sorted by the bytes of their names, at most ``listedArtifacts``.
    ///
    /// An artifact is a regular file directly in `/artifacts` that is not hidden and not larger than
    /// ``Limits/artifactMebibytes``, or a link there to such a file.
    ///
    /// - Throws: ``ExecError`` if `/artifacts` cannot be read or the sandbox ended.
    public func artifacts() async throws -> [Artifact] {
        let parameters = ListArtifacts(limit: limits.artifactBytes, timeout: Self.fileTimeout)
        let reply = try await call(parameters, replyLimit: Self.listingRoom, lane: .artifacts)
        return try Self.artifacts(in: reply, limits: limits)
    }

    /// Decodes the guest's reply.
    static func artifacts(in reply: Channel.Reply, limits: Limits) throws(ExecError) -> [Artifact] {
        guard let listed = try? JSON.parse(reply.streams[0]).arrayValue else {
            throw ExecError(.sandboxEnded, "The sandbox answered without a list of artifacts.")
        }
        return listed.prefix(listedArtifacts).compactMap(Artifact.init)
            .filter { $0.size <= limits.artifactBytes }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Returns the content of the artifact called `name`. If the file grows during the read, the result ends at its
    /// initial size.
    ///
    /// - Throws: ``ExecError``: ``ExecError/Code/notFound`` if there is no such artifact, ``ExecError/Code/refused``
    ///   if it is too large or cannot be read.
    public func readArtifact(_ name: String) async throws -> [UInt8] {
        try await artifactContent(name).bytes
    }

    /// Like ``readArtifact(_:)``, but also reports whether it starts like a picture and is incomplete.
    public func artifactContent(_ name: String) async throws -> ArtifactContent {
        guard Artifact.isName(name) else { throw ExecError(.notFound, "No artifact has that name.") }
        let parameters = ReadArtifact(
            name: name, limit: limits.artifactBytes, timeout: Self.fileTimeout)
        return ArtifactContent(
            try await call(parameters, replyLimit: limits.artifactBytes, lane: .artifacts))
    }
}
