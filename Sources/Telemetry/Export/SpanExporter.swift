import Threading

/// Sends spans to a collector, in batches and on a thread of its own. No call waits for it: spans that don't fit into
/// the queue are dropped and counted.
public final class SpanExporter: Sendable {
    /// What became of spans.
    public enum Outcome: String, Sendable, CaseIterable {
        /// The collector has accepted them.
        case exported
        /// The queue was full.
        case queueFull = "queue_full"
        /// The collector could not be reached, or refused them.
        case failed
    }

    /// Sends a document; returns whether the collector has accepted it. Blocks the calling thread, for a bounded time.
    public typealias Send = @Sendable (_ document: [UInt8]) -> Bool

    /// The maximum number of spans that wait.
    static let capacity = 2048
    /// The maximum number that is sent at once.
    static let batch = 512

    private struct State {
        var waiting: [Span] = []
        var isRunning = false
        var isClosing = false
        /// Whether nothing waits or is being sent.
        var isIdle = true
    }

    private let resource: [(name: String, value: String)]
    private let interval: Double
    private let send: Send
    private let onOutcome: @Sendable (Outcome, Int) -> Void
    private let state = ConditionLocked(State())

    /// Creates an exporter. Its thread runs only while there are spans to send.
    ///
    /// - Parameters:
    ///   - resource: the attributes of this program.
    ///   - interval: the maximum number of seconds that spans wait for others.
    ///   - onOutcome: called with what became of spans, and with their number; must return soon.
    public init(
        resource: [(name: String, value: String)], interval: Double = 5, send: @escaping Send,
        onOutcome: @escaping @Sendable (Outcome, Int) -> Void = { _, _ in }
    ) {
        self.resource = resource
        self.interval = interval
        self.send = send
        self.onOutcome = onOutcome
    }

    /// Adds a span that has ended. Returns at once.
    func add(_ span: Span) {
        let (isFull, isFirst) = state.change { state -> (Bool, Bool) in
            guard state.waiting.count < Self.capacity else { return (true, false) }
            state.waiting.append(span)
            state.isIdle = false
            defer { state.isRunning = true }
            return (false, !state.isRunning)
        }
        if isFull { onOutcome(.queueFull, 1) }
        guard isFirst else { return }
        do {
            try BackgroundThread.start("otlp-export") { [self] in run() }
        } catch {
            let count = state.change { state in
                defer { state = State() }
                return state.waiting.count
            }
            onOutcome(.failed, count)
        }
    }

    /// Sends the spans that wait, as far as time allows. Blocks the calling thread.
    public func close(within seconds: Double) {
        state.change { $0.isClosing = true }
        _ = state.wait(seconds: seconds) { $0.isIdle ? () : nil }
    }

    private func run() {
        while true {
            _ = state.wait(seconds: interval) { state in
                state.isClosing || state.waiting.count >= Self.batch ? () : nil
            }
            let batch = state.withLock { state in
                let batch = Array(state.waiting.prefix(Self.batch))
                state.waiting.removeFirst(batch.count)
                return batch
            }
            if !batch.isEmpty {
                let isAccepted = send(OTLPDocument.bytes(of: batch, resource: resource))
                onOutcome(isAccepted ? .exported : .failed, batch.count)
            }
            let isOver = state.change { state in
                state.isIdle = state.waiting.isEmpty
                // A later span starts the thread again.
                if state.isIdle { state.isRunning = false }
                return state.isIdle
            }
            if isOver { return }
        }
    }
}
