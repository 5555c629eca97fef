import TestSupport
import Testing
import Threading

@Suite(.timeLimit(.minutes(3))) struct WaiterQueueTests {
    private struct State {
        var isReady = false
        var waiters = WaiterQueue()
    }

    private struct RefusalError: Error {}

    private let state = Locked(State())

    private var waiterCount: Int { state.withLock { $0.waiters.count } }

    @Test func doesNotWaitForWhatIsReady() async throws {
        state.withLock { $0.isReady = true }
        try await state.wait(in: \.waiters) { $0.isReady }
        #expect(state.withLock { $0.waiters.isEmpty })
    }

    @Test func passesOnWhatTheLookThrows() async {
        await #expect(throws: RefusalError.self) { try await state.wait(in: \.waiters) { _ in throw RefusalError() } }
        #expect(waiterCount == 0)
    }

    @Test func resumesInTheOrderOfArrival() async throws {
        let order = Recorder<Int>()
        var tasks: [Task<Void, any Error>] = []
        for number in 0..<20 {
            tasks.append(
                Task {
                    try await state.wait(in: \.waiters) { _ in false }
                    order.record(number)
                })
            try await eventually { waiterCount == number + 1 }
        }
        for number in 0..<19 {
            state.withLock { $0.waiters.removeFirst() }?.resume()
            try await order.wait(forCount: number + 1)
        }
        state.withLock { $0.waiters.removeAll() }.forEach { $0.resume() }
        for task in tasks { try await task.value }
        #expect(order.elements == Array(0..<20))
        #expect(state.withLock { $0.waiters.removeFirst() } == nil)
    }

    @Test func throwsWhatATaskIsResumedWith() async throws {
        let task = Task { try await state.wait(in: \.waiters) { _ in false } }
        try await eventually { waiterCount == 1 }
        state.withLock { $0.waiters.removeFirst() }?.resume(throwing: RefusalError())
        await #expect(throws: RefusalError.self) { try await task.value }
    }

    @Test(arguments: [true, false]) func aCancelledTaskLeaves(waitsFirst: Bool) async throws {
        let task = Task {
            if !waitsFirst { withUnsafeCurrentTask { $0?.cancel() } }
            // Though it is ready: a cancelled task takes nothing.
            try await state.wait(in: \.waiters) { _ in !waitsFirst }
        }
        if waitsFirst { try await eventually { waiterCount == 1 } }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(waiterCount == 0)
    }

    @Test func losesNoTaskWhereCancellationsAndChangesMeet() async throws {
        let condition = ConditionLocked(State())
        let tasks = (0..<500).map { _ in Task { try await condition.wait(in: \.waiters) { $0.isReady } } }
        for (number, task) in tasks.enumerated() {
            if number % 3 == 0 { task.cancel() }
            condition.withLock { $0.waiters.removeFirst() }?.resume()
        }
        condition.change { state in
            state.isReady = true
            return state.waiters.removeAll()
        }.forEach { $0.resume() }
        for task in tasks { _ = await task.result }
        #expect(condition.withLock { $0.waiters.count } == 0)
    }
}
