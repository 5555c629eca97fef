package import Threading

/// A time that passes only when a test says so. Unlike with ``FakeTime``, those who sleep wait for that.
package final class HeldTime: Sendable {
    /// How long those who sleep, or slept, want to, in seconds.
    package let sleeps = Recorder<Double>()
    private let state = Locked((seconds: 1000.0, next: AsyncEvent()))

    package init() {}

    package var clock: MonotonicClock {
        MonotonicClock(
            now: { [self] in state.withLock { $0.seconds } },
            sleep: { [self] duration in
                let end = state.withLock { $0.seconds } + duration
                sleeps.record(duration)
                while true {
                    let (seconds, next) = state.withLock { $0 }
                    if seconds >= end { return }
                    try await next.waitUnlessCancelled()
                }
            })
    }

    package func pass(_ duration: Double) {
        let event = state.withLock { state in
            defer { state.next = AsyncEvent() }
            state.seconds += duration
            return state.next
        }
        event.complete()
    }
}
