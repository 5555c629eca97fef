import TestSupport
import Testing

@testable import ExecCore

@Suite(.timeLimit(.minutes(3))) struct TimeoutTests {
    private static let late = ExecError(.timedOut, "late")

    @Test func returnsWhatIsDoneInTime() async throws {
        #expect(try await withTimeout(seconds: 600, Self.late) { 7 } == 7)
    }

    @Test func handsOnTheOperationsError() async {
        let refused = ExecError(.refused, "no")
        await #expect(throws: refused) { try await withTimeout(seconds: 600, Self.late) { throw refused } }
    }

    @Test func cancelsWhatTakesTooLongAndWaitsForItsEnd() async {
        let ended = Recorder<Bool>()
        await #expect(throws: Self.late) {
            try await withTimeout(seconds: 0.01, Self.late) {
                try? await Task.sleep(for: .seconds(600))
                ended.record(Task.isCancelled)
            }
        }
        #expect(ended.elements == [true])
    }

    @Test func leavesItToTheOperationWhatACancellationMeans() async {
        let refused = ExecError(.refused, "no")
        let waiting = Task {
            try await withTimeout(seconds: 600, Self.late) {
                try? await Task.sleep(for: .seconds(600))
                // It takes a while to give up.
                try await Task.detached { try await Task.sleep(for: .milliseconds(50)) }.value
                throw refused
            }
        }
        waiting.cancel()
        await #expect(throws: refused) { try await waiting.value }
    }
}
