import TestSupport
import Testing
import Threading

@Suite(.timeLimit(.minutes(3))) struct AsyncSemaphoreTests {
    @Test func letsInNoMoreThanItsCount() async throws {
        let semaphore = AsyncSemaphore(count: 3)
        let inside = Locked((now: 0, most: 0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    try await semaphore.wait()
                    inside.withLock {
                        $0.now += 1
                        $0.most = max($0.most, $0.now)
                    }
                    await Task.yield()
                    inside.withLock { $0.now -= 1 }
                    semaphore.signal()
                }
            }
            try await group.waitForAll()
        }
        #expect(inside.withLock { $0.most } == 3)
        #expect(semaphore.waiterCount == 0)
    }

    @Test func letsWaitersInInTheOrderOfTheirArrival() async throws {
        let semaphore = AsyncSemaphore(count: 1)
        try await semaphore.wait()
        let order = Recorder<Int>()
        let tasks = try await (0..<20).asyncMap { number in
            let task = Task {
                try await semaphore.wait()
                order.record(number)
                semaphore.signal()
            }
            try await eventually { semaphore.waiterCount == number + 1 }
            return task
        }
        semaphore.signal()
        for task in tasks { try await task.value }
        #expect(order.elements == Array(0..<20))
    }

    @Test func letsNobodyPassThoseWhoWait() async throws {
        let semaphore = AsyncSemaphore(count: 1)
        try await semaphore.wait()
        let order = Recorder<String>()
        let waiting = Task {
            try await semaphore.wait()
            order.record("first")
            semaphore.signal()
        }
        try await eventually { semaphore.waiterCount == 1 }
        semaphore.signal()
        try await semaphore.wait()
        order.record("second")
        try await waiting.value
        #expect(order.elements == ["first", "second"])
    }

    @Test func aCancelledWaiterTakesNoTurn() async throws {
        let semaphore = AsyncSemaphore(count: 1)
        try await semaphore.wait()
        let cancelled = Task { try await semaphore.wait() }
        try await eventually { semaphore.waiterCount == 1 }
        let patient = Task { try await semaphore.wait() }
        try await eventually { semaphore.waiterCount == 2 }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        #expect(semaphore.waiterCount == 1)
        semaphore.signal()
        try await patient.value
    }

    @Test func aTaskCancelledBeforeItWaitsTakesNoTurn() async throws {
        let semaphore = AsyncSemaphore(count: 1)
        try await semaphore.wait()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await semaphore.wait()
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        semaphore.signal()
        try await semaphore.wait()
    }

    @Test func losesNoTurnWhereCancellationsAndSignalsMeet() async throws {
        let semaphore = AsyncSemaphore(count: 2)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<500 {
                let task = Task {
                    try await semaphore.wait()
                    await Task.yield()
                    semaphore.signal()
                }
                group.addTask {
                    if number % 3 == 0 {
                        await Task.yield()
                        task.cancel()
                    }
                    _ = try? await task.value
                }
            }
        }
        // Both turns are back.
        try await semaphore.wait()
        try await semaphore.wait()
        #expect(semaphore.waiterCount == 0)
    }
}

extension Sequence {
    /// The results of `transform`, called with one element after the other.
    fileprivate func asyncMap<Result>(_ transform: (Element) async throws -> Result) async throws -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
