/// What the pool knows of a user's sandbox.
struct PooledSandbox {
    /// Where it is in its life.
    enum State {
        /// It is coming up.
        case starting
        /// It takes calls.
        case running(Sandbox)
        /// It has ended by itself, or is about to: it takes no calls, and the pool has yet to forget it.
        case ending(Sandbox)
    }

    /// What brings it up.
    let start: Task<Sandbox, any Error>
    private(set) var sandbox: Sandbox?
    private(set) var activeCalls = 0
    /// The end of the last call; before the first, when the sandbox came up.
    private(set) var lastUse = ContinuousClock.now
    /// When processes that commands left in the background were last seen alive.
    private(set) var lastJob: ContinuousClock.Instant?
    private(set) var hasServed = false
    /// Whether it is wanted ahead of calls, so that another takes its place if it ends by itself.
    var isKept: Bool

    /// - Parameter start: what brings it up.
    init(start: Task<Sandbox, any Error>, isKept: Bool) {
        self.start = start
        self.isKept = isKept
    }

    /// Where it is in its life now.
    var state: State {
        guard let sandbox else { return .starting }
        return sandbox.hasEnded ? .ending(sandbox) : .running(sandbox)
    }

    /// Whether processes live in it that commands left in the background.
    var hasJobs: Bool { sandbox?.hasJobs == true }

    /// It is up. Each caller that waited for that says so.
    mutating func comeUp(as sandbox: Sandbox) {
        self.sandbox = sandbox
        if sandbox.isResumed { hasServed = true }
    }

    /// A call begins, which may have to wait for it to come up.
    mutating func beginCall() {
        activeCalls += 1
        hasServed = true
    }

    /// A call is over.
    mutating func endCall() {
        activeCalls -= 1
        lastUse = .now
    }

    /// Counts as used now.
    mutating func touch() {
        lastUse = .now
    }

    /// Looks whether background processes live.
    mutating func lookForJobs(at now: ContinuousClock.Instant) {
        if hasJobs { lastJob = now }
    }
}
