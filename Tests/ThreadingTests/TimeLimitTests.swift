import TestSupport
import Testing
import Threading

@Suite(.timeLimit(.minutes(3))) struct TimeLimitTests {
    private struct RefusalError: Error {}

    @Sendable private static func never() async throws -> Bool {
        try await Task.sleep(for: .seconds(600))
        return true
    }

    @Sendable private static func untilCancelled() async -> Bool { (try? await never()) != nil }

    @Test func isWhatTheWorkIsInTime() async throws {
        #expect(try await withTimeLimit(Self.never) { 7 } == 7)
        #expect(try await withTimeLimit({ false }) { 7 } == 7)
        #expect(try await abandoning(after: 600) { 7 } == 7)
        await #expect(throws: RefusalError.self) { try await withTimeLimit(Self.never) { throw RefusalError() } }
        await #expect(throws: RefusalError.self) { try await abandoning(after: 600) { throw RefusalError() } }
    }

    @Test func awaitsTheEndOfWorkThatIsLate() async throws {
        let hasEnded = Locked(false)
        let value = try await withTimeLimit({ true }) {
            _ = await Self.untilCancelled()
            await Task.yield()
            hasEnded.withLock { $0 = true }
            return 7
        }
        #expect(value == nil)
        #expect(hasEnded.withLock { $0 })
    }

    @Test func leavesTheOutcomeOfACancellationToTheWorkIfTheTimerDoes() async throws {
        let task = Task {
            try await withTimeLimit(Self.untilCancelled) { await Self.untilCancelled() ? "late" : "cancelled" }
        }
        task.cancel()
        #expect(try await task.value == "cancelled")
    }

    @Test func throwsWhatTheTimerThrows() async {
        await #expect(throws: RefusalError.self) {
            try await withTimeLimit({ throw RefusalError() }) { await Self.untilCancelled() }
        }
    }

    @Test(arguments: [0, 0.001]) func abandonsWhatHangs(seconds: Double) async throws {
        let release = AsyncEvent()
        let isCancelled = AsyncEvent()
        let value = try await abandoning(after: seconds) {
            await withTaskCancellationHandler {
                await release.wait()
            } onCancel: {
                isCancelled.complete()
            }
            return 7
        }
        #expect(value == nil)
        await isCancelled.wait()
        release.complete()
    }

    @Test func abandonsWhatHangsIfTheTaskIsCancelled() async {
        let release = AsyncEvent()
        let hasStarted = AsyncEvent()
        let task = Task {
            try await abandoning(after: 600) {
                hasStarted.complete()
                await release.wait()
            }
        }
        await hasStarted.wait()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        release.complete()
    }
}
