/// Which sandboxes the pool starts ahead of calls, and how many at once.
struct Prewarmer {
    /// How many sandboxes are started ahead at once: calls need the engine too.
    private static let maxStarts = 4
    /// How long a sandbox that served nobody must have lived to be worth another. Else one that ends at once would be
    /// started for ever.
    private static let worthReplacing = Duration.seconds(60)

    private let queue: PrewarmQueue
    private var starts = 0
    private var lastFailure: String?

    /// - Parameter queue: the users whose sandboxes are wanted.
    init(queue: PrewarmQueue) {
        self.queue = queue
    }

    /// Takes out the user whose sandbox is to be started next; `nil` if as many starts as may be are under way, or nobody
    /// waits for one.
    func next() -> UserID? {
        starts < Self.maxStarts ? queue.next() : nil
    }

    /// A start is under way.
    mutating func beginStart() {
        starts += 1
    }

    /// A start is over, however it went.
    mutating func endStart() {
        starts -= 1
    }

    /// One has come up: the next failure is news again.
    mutating func recordSuccess() {
        lastFailure = nil
    }

    /// Records why a start failed.
    ///
    /// - Returns: whether that is news. Where all fail alike, as they do without an engine, it is told once.
    mutating func recordFailure(_ error: any Error) -> Bool {
        guard lastFailure != "\(error)" else { return false }
        lastFailure = "\(error)"
        return true
    }

    /// Whether another takes the place of a sandbox that ended by itself.
    static func isWorthReplacing(_ entry: PooledSandbox) -> Bool {
        entry.hasServed || entry.lastUse.duration(to: .now) >= worthReplacing
    }
}
