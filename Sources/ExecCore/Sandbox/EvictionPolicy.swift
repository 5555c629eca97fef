/// Decides which sandboxes are stopped between calls, and when.
struct EvictionPolicy: Sendable {
    let limits: Limits

    /// Why a sandbox should be stopped now, in a few words; `nil` to keep it.
    ///
    /// Background processes keep it alive as calls do, up to a limit of their own.
    func reasonToStop(_ entry: PooledSandbox, at now: ContinuousClock.Instant) -> String? {
        guard entry.sandbox != nil, entry.activeCalls == 0, limits.idleTimeout > 0 else { return nil }
        let unused = entry.lastUse.duration(to: now)
        let idle = max(entry.lastUse, entry.lastJob ?? entry.lastUse).duration(to: now)
        if idle >= .seconds(limits.idleTimeout) {
            return "idle for \(Self.words(seconds: limits.idleTimeout))"
        }
        guard limits.jobTimeout > 0, entry.hasJobs else { return nil }
        let longest = max(limits.jobTimeout, limits.idleTimeout)
        guard unused >= .seconds(longest) else { return nil }
        return "no call for \(Self.words(seconds: longest)), though background processes ran"
    }

    /// Picks the sandbox to stop to make room for another user: of those without a call, the least recently used one.
    /// Those that have not served anyone yet come first, those with background processes last.
    ///
    /// - Returns: `nil` if all are busy.
    func victim<Entries: Sequence<(key: UserID, value: PooledSandbox)>>(among entries: Entries) -> UserID? {
        entries.filter { $0.value.activeCalls == 0 }.min { Self.rank($0.value) < Self.rank($1.value) }?.key
    }

    private static func rank(_ entry: PooledSandbox) -> (Int, Int, ContinuousClock.Instant) {
        (entry.hasJobs ? 1 : 0, entry.hasServed ? 1 : 0, entry.lastUse)
    }

    private static func words(seconds: Int) -> String {
        for (unit, length) in [("hours", 3600), ("minutes", 60)] where seconds % length == 0 && seconds >= 2 * length {
            return "\(seconds / length) \(unit)"
        }
        return "\(seconds) seconds"
    }
}
