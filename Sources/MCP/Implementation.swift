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

    /// A server's description of itself.
    public init(name: String, title: String, version: String, summary: String) {
        self.name = name
        self.title = title
        self.version = version
        self.summary = summary
    }

    /// The description with the fields that `revision` knows.
    public func json(for revision: Revision) -> JSON {
        var object: JSONObject = ["name": .string(name)]
        if revision.hasStructuredContent { object["title"] = .string(title) }
        object["version"] = .string(version)
        if revision.hasImplementationDetails { object["description"] = .string(summary) }
        return .object(object)
    }
}

/// How long a result may be kept and by whom (2026-07-28, server/utilities/caching).
public struct CacheHint: Sendable, Equatable {
    /// Milliseconds that it stays true.
    public let lifetime: Int
    /// Whether others than this client may keep it.
    public let isPublic: Bool

    /// True for an hour, for anybody: what the program itself fixes.
    public static let fixed = CacheHint(lifetime: 3_600_000, isPublic: true)
    /// To be asked for anew each time.
    public static let dynamic = CacheHint(lifetime: 0, isPublic: false)
}

extension JSONObject {
    /// The members as a result of `revision`: a modern one says that it is complete, who made it and, for those methods
    /// that must, how long it may be kept (2026-07-28, basic/index and server/utilities/caching).
    public func asResult(
        for revision: Revision, from server: Implementation, cache: CacheHint? = nil
    ) -> JSONObject {
        guard revision.isModern else { return self }
        var result: JSONObject = ["resultType": "complete"]
        for member in self { result[member.key] = member.value }
        if let cache {
            result["ttlMs"] = .integer(cache.lifetime)
            result["cacheScope"] = cache.isPublic ? "public" : "private"
        }
        result["_meta"] = [MetaKey.serverInfo: server.json(for: revision)]
        return result
    }
}
