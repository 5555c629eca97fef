import Threading

/// What happens in calls that run at once, told one after the other. Of the progress of a call only the newest waits, so
/// that a slow listener holds no tool back and nothing piles up.
final class ToolEvents: Sendable {
    private let waiting = Locked<[AgentEvent]>([])
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init() {
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Adds an event.
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

    /// Says that nothing more comes.
    func finish() {
        signal.finish()
    }

    /// Tells everything, until ``finish()``. To be called once.
    func deliver(to onEvent: @Sendable (AgentEvent) async -> Void) async {
        for await _ in signals { await tell(onEvent) }
        await tell(onEvent)
    }

    private func tell(_ onEvent: @Sendable (AgentEvent) async -> Void) async {
        while let event = waiting.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { await onEvent(event) }
    }
}
