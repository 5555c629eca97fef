import JSON

/// A listing of the artifacts.
struct ListArtifactsParameters: GuestParameters {
    static let operation = GuestOperation.listArtifacts

    /// How many bytes an artifact may have.
    let limit: Int
    let timeout: Double

    var json: JSON { ["limit": .integer(limit), "timeout": .double(timeout)] }
}

/// An artifact to read.
struct ReadArtifactParameters: GuestParameters {
    static let operation = GuestOperation.readArtifact

    let name: String
    /// How many bytes it may have.
    let limit: Int
    let timeout: Double

    var json: JSON { ["name": .string(name), "limit": .integer(limit), "timeout": .double(timeout)] }
}

/// A file in `/artifacts`, for the user to have.
public struct Artifact: Sendable, Equatable {
    /// What the guest says of one, in a listing and in the result of a command.
    enum Name: String, CaseIterable {
        case name
        case size
        case modified
    }

    /// The longest name that a file can have, in bytes.
    private static let longestName = 255

    /// Its name there.
    public let name: String
    /// Its size in bytes.
    public let size: Int
    /// When it was last changed, in seconds since 1970; `nil` where that is not known. The sandbox can set it at will.
    public let modified: Int?

    init?(_ value: JSON) {
        guard let name = value[Name.name]?.stringValue, let size = value[Name.size]?.countValue,
            Self.isName(name)
        else { return nil }
        self.name = name
        self.size = size
        modified = value[Name.modified]?.countValue
    }

    /// Whether an artifact may be called so: not empty, not hidden, no path, at most 255 bytes.
    public static func isName(_ name: String) -> Bool {
        // By bytes, because a character may begin with a full stop and be another one.
        let bytes = name.utf8
        return !bytes.isEmpty && bytes.count <= longestName && bytes.first != UInt8(ascii: ".")
            && !bytes.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
    }
}

/// What an artifact holds.
public struct ArtifactContent: Sendable, Equatable {
    /// All of it, as it is.
    public let bytes: [UInt8]
    /// Whether it begins as a picture but is not a whole one, so that nobody should take it for one.
    public let isBrokenPicture: Bool

    /// What the guest says of it besides its bytes.
    enum Name: String, CaseIterable {
        case isBrokenPicture = "is_broken_picture"
    }

    /// Makes sense of what the guest says.
    init(_ reply: Channel.Reply) {
        bytes = reply.streams[0]
        isBrokenPicture = reply.result[Name.isBrokenPicture] == true
    }
}

extension Sandbox {
    /// How many artifacts a listing holds at most: the first ones by name.
    public static let listedArtifacts = 1000

    /// Room for so many names of the greatest length, each byte of them escaped.
    private static let listingRoom = 2 << 20

    /// The artifacts that there are, sorted by the bytes of their names, at most ``listedArtifacts``.
    ///
    /// An artifact is a regular file directly in `/artifacts` that is not hidden and not larger than
    /// ``Limits/artifactMebibytes``, or a link there that leads to one.
    ///
    /// - Throws: ``ExecError`` where `/artifacts` cannot be read or the sandbox ended.
    public func artifacts() async throws -> [Artifact] {
        let parameters = ListArtifactsParameters(limit: limits.artifactBytes, timeout: Self.fileTimeout)
        let reply = try await call(parameters, replyLimit: Self.listingRoom, queue: .artifacts)
        return try Self.artifacts(in: reply, limits: limits)
    }

    /// Makes sense of what the guest says.
    static func artifacts(in reply: Channel.Reply, limits: Limits) throws(ExecError) -> [Artifact] {
        guard let listed = try? JSON.parse(reply.streams[0]).arrayValue else {
            throw ExecError(.sandboxEnded, "The sandbox answered without a list of artifacts.")
        }
        return listed.prefix(listedArtifacts).compactMap(Artifact.init)
            .filter { $0.size <= limits.artifactBytes }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// The content of the artifact called `name`. Of one that grows meanwhile, as much as there was at the beginning.
    ///
    /// - Throws: ``ExecError``: ``ExecError/Code/notFound`` where there is no such artifact,
    ///   ``ExecError/Code/refused`` where it is too large or cannot be read.
    public func readArtifact(_ name: String) async throws -> [UInt8] {
        try await artifactContent(name).bytes
    }

    /// As ``readArtifact(_:)``, and whether it begins as a picture but is not a whole one.
    public func artifactContent(_ name: String) async throws -> ArtifactContent {
        guard Artifact.isName(name) else { throw ExecError(.notFound, "There is no artifact of that name.") }
        let parameters = ReadArtifactParameters(
            name: name, limit: limits.artifactBytes, timeout: Self.fileTimeout)
        return ArtifactContent(
            try await call(parameters, replyLimit: limits.artifactBytes, queue: .artifacts))
    }
}
