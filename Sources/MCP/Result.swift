public import JSON

extension JSONObject {
    /// Returns the members as a result of `revision`. A modern result states that it is complete, who produced it and,
    /// for the methods that require it, how long it may be cached (2026-07-28, basic/index and
    /// server/utilities/caching).
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
