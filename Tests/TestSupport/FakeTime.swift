package import Threading

/// A time that passes only when a test says so, or when somebody sleeps.
package final class FakeTime: Sendable {
    /// How long sleepers slept, in seconds.
    package let slept = Recorder<Double>()
    private let seconds = Locked(1000.0)

    package init() {}

    package var clock: MonotonicClock {
        MonotonicClock(
            now: { [self] in seconds.withLock { $0 } },
            sleep: { [self] duration in
                slept.record(duration)
                pass(duration)
            })
    }

    package func pass(_ duration: Double) {
        seconds.withLock { $0 += duration }
    }
}
