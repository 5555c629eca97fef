import Testing
import Threading

@Suite(.timeLimit(.minutes(3))) struct AsyncEventTests {
    @Test func letsEveryWaiterGoOn() async {
        let signal = AsyncEvent()
        let waiters = (0..<20).map { _ in Task { await signal.wait(seconds: 600) } }
        signal.complete()
        for waiter in waiters { #expect(await waiter.value) }
        #expect(await signal.wait(seconds: 600))
        signal.complete()
    }

    @Test(arguments: [0, -1, 0.000_001, 0.001])
    func givesUpWhenTheTimeIsUp(seconds: Double) async {
        let signal = AsyncEvent()
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<500 { group.addTask { await signal.wait(seconds: seconds) } }
            for await happened in group { #expect(!happened) }
        }
    }

    @Test func waitsOnForATaskThatIsCancelled() async {
        let signal = AsyncEvent()
        let waiter = Task { await signal.wait(seconds: 600) }
        waiter.cancel()
        signal.complete()
        #expect(await waiter.value)
    }

    @Test func waitsWithoutALimit() async {
        let signal = AsyncEvent()
        let waiter = Task { await signal.wait() }
        waiter.cancel()
        signal.complete()
        await waiter.value
        await signal.wait()
    }

    @Test func waitsNoLongerThanToACancellationIfAskedTo() async throws {
        let signal = AsyncEvent()
        let (cancelled, patient) = (
            Task { try await signal.waitUnlessCancelled() }, Task { try await signal.waitUnlessCancelled() }
        )
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        signal.complete()
        try await patient.value
        try await signal.waitUnlessCancelled()
    }
}
