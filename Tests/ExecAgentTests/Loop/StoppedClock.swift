import Threading

@testable import ExecAgent

/// A clock that stands still until a test says that the time is up.
final class StoppedClock: Sendable {
    private let seconds = Locked(0.0)
    private let (alarm, ring) = AsyncStream.makeStream(of: Void.self)

    var clock: MonotonicClock {
        MonotonicClock(now: { [seconds] in seconds.withLock { $0 } }) { [alarm] _ in
            for await _ in alarm {}
            try Task.checkCancellation()
        }
    }

    /// A million seconds go by at once.
    func advance() {
        seconds.withLock { $0 += 1_000_000 }
        ring.finish()
    }
}
