import TestSupport
import Testing
import Threading

@Suite(.timeLimit(.minutes(3))) struct LockedTests {
    @Test func losesNoChangeUnderContention() async throws {
        let counter = Locked(0)
        _ = try await onThreads(8) { _ in
            for _ in 0..<20_000 { counter.withLock { $0 += 1 } }
        }
        #expect(counter.withLock { $0 } == 160_000)
    }

    @Test func letsOneThreadInAtATime() async throws {
        let inside = Locked((now: 0, most: 0))
        let guarded = Locked(0)
        _ = try await onThreads(8) { _ in
            for _ in 0..<2000 {
                guarded.withLock { _ in
                    inside.withLock {
                        $0.now += 1
                        $0.most = max($0.most, $0.now)
                    }
                    inside.withLock { $0.now -= 1 }
                }
            }
        }
        #expect(inside.withLock { $0.most } == 1)
    }

    @Test func isFreeAgainAfterAnError() {
        struct SampleError: Error {}
        let value = Locked(1)
        #expect(throws: SampleError.self) {
            try value.withLock { number in
                number = 2
                throw SampleError()
            }
        }
        #expect(value.withLock { $0 } == 2)
    }

    @Test func releasesItsValue() {
        weak var observed: Recorder<Int>?
        do {
            let recorder = Recorder<Int>()
            observed = recorder
            let locked = Locked(recorder)
            #expect(locked.withLock { $0.elements.isEmpty })
        }
        #expect(observed == nil)
    }
}
