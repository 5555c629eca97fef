/// What the pool knows of a user's sandbox.
struct PooledSandbox {
    let start: Task<Sandbox, any Error>
    /// The sandbox once it is up.
    var sandbox: Sandbox?
    var activeCalls = 0
    /// The end of the last call; before the first, when the sandbox came up.
    var lastUse = ContinuousClock.now
    /// When processes that commands left in the background were last seen alive.
    var lastJob: ContinuousClock.Instant?
    var hasServed = false
    /// Whether it is wanted ahead of calls, so that another takes its place if it ends by itself.
    var isKept = false

    /// Looks whether background processes live.
    mutating func lookForJobs(at now: ContinuousClock.Instant) {
        if sandbox?.hasJobs == true { lastJob = now }
    }

    /// Why it is to be stopped now, in a few words; `nil` where it is not.
    ///
    /// Background processes keep it as calls do, up to a bound of their own.
    func reasonToStop(at now: ContinuousClock.Instant, _ limits: Limits) -> String? {
        guard sandbox != nil, activeCalls == 0, limits.idleTimeout > 0 else { return nil }
        let unused = lastUse.duration(to: now)
        let idle = max(lastUse, lastJob ?? lastUse).duration(to: now)
        if idle >= .seconds(limits.idleTimeout) {
            return "idle for \(Self.words(seconds: limits.idleTimeout))"
        }
        guard limits.jobTimeout > 0, sandbox?.hasJobs == true else { return nil }
        let longest = max(limits.jobTimeout, limits.idleTimeout)
        guard unused >= .seconds(longest) else { return nil }
        return "no call for \(Self.words(seconds: longest)), though background processes ran"
    }

    /// What says whose place another user gets: the least. Those with background processes go last, and those that served
    /// nobody yet first.
    var rank: (Int, Int, ContinuousClock.Instant) {
        (sandbox?.hasJobs == true ? 1 : 0, hasServed ? 1 : 0, lastUse)
    }

    private static func words(seconds: Int) -> String {
        for (unit, length) in [("hours", 3600), ("minutes", 60)] where seconds % length == 0 && seconds >= 2 * length {
            return "\(seconds / length) \(unit)"
        }
        return "\(seconds) seconds"
    }
}
