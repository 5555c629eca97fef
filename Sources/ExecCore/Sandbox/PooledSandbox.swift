import SystemCalls

/// The pool's state for one user's sandbox.
struct PooledSandbox {
    /// A sandbox's life-cycle phase.
    enum State {
        /// It is starting up.
        case starting
        /// It accepts calls.
        case running(Sandbox)
        /// It has ended by itself or is about to: it accepts no calls, and the pool has yet to discard it.
        case ending(Sandbox)
    }

    /// The task that starts it.
    let start: Task<Sandbox, any Error>
    private(set) var sandbox: Sandbox?
    private(set) var activeCalls = 0
    /// When it was started, in seconds since 1970.
    let startTime = time(nil)
    /// When the last call ended; before the first call, when the sandbox came up.
    private(set) var lastUse = ContinuousClock.now
    /// When background processes of commands were last seen alive.
    private(set) var lastJob: ContinuousClock.Instant?
    private(set) var hasServed = false
    /// Whether it is kept prewarmed, so that it is replaced if it ends by itself.
    var isKept: Bool

    /// - Parameter start: the task that starts the sandbox.
    init(start: Task<Sandbox, any Error>, isKept: Bool) {
        self.start = start
        self.isKept = isKept
    }

    /// Its current phase.
    var state: State {
        guard let sandbox else { return .starting }
        return sandbox.hasEnded ? .ending(sandbox) : .running(sandbox)
    }

    /// Whether background processes of commands are alive in it.
    var hasJobs: Bool { sandbox?.hasJobs == true }

    /// Records that it is up. Called by each caller that waited for the start.
    mutating func comeUp(as sandbox: Sandbox) {
        self.sandbox = sandbox
        if sandbox.isResumed { hasServed = true }
    }

    /// Counts a call, which may have to wait until the sandbox is up.
    mutating func beginCall() {
        activeCalls += 1
        hasServed = true
    }

    /// Records the end of a call.
    mutating func endCall() {
        activeCalls -= 1
        lastUse = .now
    }

    /// Marks it as used now.
    mutating func touch() {
        lastUse = .now
    }

    /// Checks for live background processes.
    mutating func lookForJobs(at now: ContinuousClock.Instant) {
        if hasJobs { lastJob = now }
    }
}
