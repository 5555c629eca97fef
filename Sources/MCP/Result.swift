public import JSON

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
        for revision: Revision, from server: Implementation, cache: CacheHint? = nil, type: String = "complete"
    ) -> JSONObject {
        guard revision.isModern else { return self }
        var result: JSONObject = ["resultType": .string(type)]
        for member in self { result[member.key] = member.value }
        if let cache {
            result["ttlMs"] = .integer(cache.lifetime)
            result["cacheScope"] = cache.isPublic ? "public" : "private"
        }
        var meta = self["_meta"]?.objectValue ?? JSONObject()
        meta[MetaKey.serverInfo] = meta[MetaKey.serverInfo] ?? server.brief
        result["_meta"] = .object(meta)
        return result
    }
}
