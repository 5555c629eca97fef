/// Decides which sandboxes the pool prewarms, and how many at once.
struct Prewarmer {
    /// How many sandboxes are prewarmed at once. Calls need the engine too.
    private static let maxStarts = 4
    /// How long a sandbox that served nobody must have lived to be replaced. Otherwise one that ends at once would be
    /// restarted forever.
    private static let worthReplacing = Duration.seconds(60)

    private let queue: PrewarmQueue
    private var starts = 0
    private var lastFailure: String?

    /// - Parameter queue: the users whose sandboxes are wanted.
    init(queue: PrewarmQueue) {
        self.queue = queue
    }

    /// Removes and returns the user whose sandbox to start next; `nil` if the maximum number of starts is running or
    /// the queue is empty.
    func next() -> UserID? {
        starts < Self.maxStarts ? queue.next() : nil
    }

    /// Counts a start.
    mutating func beginStart() {
        starts += 1
    }

    /// Records the end of a start, successful or not.
    mutating func endStart() {
        starts -= 1
    }

    /// Records a successful start. The next failure is reported again.
    mutating func recordSuccess() {
        lastFailure = nil
    }

    /// Records why a start failed.
    ///
    /// - Returns: whether to report it. Identical consecutive failures, as without an engine, are reported once.
    mutating func recordFailure(_ error: any Error) -> Bool {
        guard lastFailure != "\(error)" else { return false }
        lastFailure = "\(error)"
        return true
    }

    /// Whether to replace a sandbox that ended by itself.
    static func isWorthReplacing(_ entry: PooledSandbox) -> Bool {
        entry.hasServed || entry.lastUse.duration(to: .now) >= worthReplacing
    }
}
