/// How long, and by whom, a result may be cached (2026-07-28, server/utilities/caching).
public struct CacheHint: Sendable, Equatable {
    /// The time to live in milliseconds.
    public let lifetime: Int
    /// Whether caches shared with other clients may keep it.
    public let isPublic: Bool

    /// Cacheable by anyone for an hour: for results fixed by the program itself.
    public static let fixed = CacheHint(lifetime: 3_600_000, isPublic: true)
    /// Not cacheable: must be requested again each time.
    public static let dynamic = CacheHint(lifetime: 0, isPublic: false)
}
