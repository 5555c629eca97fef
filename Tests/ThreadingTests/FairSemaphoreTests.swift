import TestSupport
import Testing
import Threading

@Suite(.timeLimit(.minutes(3))) struct FairSemaphoreTests {
    /// Tasks that wait for a permit, and the order in which they got it.
    private final class Line: Sendable {
        let semaphore: FairSemaphore
        let served = Recorder<String>()

        init(_ semaphore: FairSemaphore) {
            self.semaphore = semaphore
        }

        /// Adds a task of an owner that waits.
        func add(_ owner: String, _ name: String? = nil) async throws -> Task<Void, any Error> {
            let count = semaphore.waiterCount
            let task = Task {
                try await semaphore.wait(for: owner)
                served.record(name ?? owner)
            }
            try await eventually { self.semaphore.waiterCount == count + 1 }
            return task
        }
    }

    @Test func whoeverHoldsTheFewestIsNext() async throws {
        let line = Line(FairSemaphore(count: 3))
        for _ in 1...3 { try await line.semaphore.wait(for: "flood") }
        for _ in 1...3 { _ = try await line.add("flood") }
        _ = try await line.add("ann")
        _ = try await line.add("bob")
        line.semaphore.signal(for: "flood")
        try await line.served.wait(forCount: 1)
        line.semaphore.signal(for: "flood")
        #expect(try await line.served.wait(forCount: 2) == ["ann", "bob"])
        line.semaphore.signal(for: "ann")
        #expect(try await line.served.wait(forCount: 3).last == "flood")
        for owner in ["bob", "flood"] { line.semaphore.signal(for: owner) }
        try await line.served.wait(forCount: 5)
    }

    @Test func tasksOfOneOwnerAreServedInOrder() async throws {
        let line = Line(FairSemaphore(count: 1))
        try await line.semaphore.wait(for: "a")
        for name in ["1", "2", "3"] { _ = try await line.add("a", name) }
        for count in 1...3 {
            line.semaphore.signal(for: "a")
            try await line.served.wait(forCount: count)
        }
        #expect(line.served.elements == ["1", "2", "3"])
    }

    @Test func someAreLeftForOthers() async throws {
        let line = Line(FairSemaphore(count: 3, share: 2))
        for _ in 1...2 { try await line.semaphore.wait(for: "flood") }
        let waiting = try await line.add("flood")
        try await line.semaphore.wait(for: "ann")
        line.semaphore.signal(for: "ann")
        #expect(line.semaphore.waiterCount == 1, "a free permit is not for one who holds a full share")
        line.semaphore.signal(for: "flood")
        try await waiting.value
    }

    @Test func aCancelledTaskHoldsNothing() async throws {
        let line = Line(FairSemaphore(count: 1))
        try await line.semaphore.wait(for: "a")
        let task = try await line.add("b")
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        line.semaphore.signal(for: "a")
        try await line.semaphore.wait(for: "c")
        #expect(line.semaphore.waiterCount == 0)
    }
}
