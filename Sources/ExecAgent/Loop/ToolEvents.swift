import Threading

/// Serializes the events of concurrent calls. Only the newest progress event of each call is queued, so a slow consumer
/// neither blocks the tools nor lets the queue grow.
final class ToolEvents: Sendable {
    private let waiting = Locked<[AgentEvent]>([])
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init() {
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func add(_ event: AgentEvent) {
        waiting.withLock { waiting in
            if case .toolProgress(let callID, _) = event {
                waiting.removeAll {
                    if case .toolProgress(callID, _) = $0 { true } else { false }
                }
            }
            waiting.append(event)
        }
        signal.yield()
    }

    /// Signals that no more events follow.
    func finish() {
        signal.finish()
    }

    /// Delivers all events until ``finish()``. Must be called only once.
    func deliver(to onEvent: @Sendable (AgentEvent) async -> Void) async {
        for await _ in signals { await report(onEvent) }
        await report(onEvent)
    }

    private func report(_ onEvent: @Sendable (AgentEvent) async -> Void) async {
        while let event = waiting.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { await onEvent(event) }
    }
}
