import JSON
import JSONRPC
import TestSupport
import Testing
import Threading

@testable import ExecMCP

@Suite(.timeLimit(.minutes(3))) struct InFlightRequestsTests {
    private let requests = InFlightRequests(roomTimeout: 600)
    private let ended = Recorder<Bool>()
    private let cancelled = Recorder<RequestID>()

    /// Starts a request that ends when `gate` opens, and records whether it may answer then.
    private func start(_ id: RequestID, size: Int = 1, gate: AsyncGate) throws {
        try requests.start(id, size: size, onCancel: { cancelled.record(id) }) { request in
            await gate.wait()
            ended.record(request.finish())
        }
    }

    @Test func aRequestMayAnswerOnce() async throws {
        let answers = Recorder<[Bool]>()
        try requests.start(.integer(1), size: 1, onCancel: {}) { request in
            answers.record([request.finish(), request.finish()])
        }
        #expect(try await answers.wait(forCount: 1) == [[true, false]])
    }

    @Test func refusesAnIDThatIsInUse() async throws {
        let gate = AsyncGate()
        try start(.integer(1), gate: gate)
        let error = #expect(throws: RPCError.self) { try start(.integer(1), gate: gate) }
        #expect(error?.code == -32600)
        // A string is another id.
        try start(.string("1"), gate: gate)
        await gate.open()
        try await ended.wait(forCount: 2)
        try start(.integer(1), gate: gate)
        #expect(try await ended.wait(forCount: 3) == [true, true, true])
    }

    @Test func aCancelledRequestMayNotAnswer() async throws {
        let gate = AsyncGate()
        try start(.integer(1), gate: gate)
        requests.cancel(.integer(1))
        #expect(cancelled.elements == [.integer(1)])
        await gate.open()
        #expect(try await ended.wait(forCount: 1) == [false])
    }

    @Test func aCancellationReachesTheTask() async throws {
        let seen = Recorder<Bool>()
        try requests.start(.integer(1), size: 1, onCancel: {}) { _ in
            try? await Task.sleep(for: .seconds(600))
            seen.record(Task.isCancelled)
        }
        requests.cancel(.integer(1))
        #expect(try await seen.wait(forCount: 1) == [true])
    }

    @Test func nothingHappensForARequestThatHasEnded() async throws {
        let seen = Recorder<[Bool]>()
        try requests.start(.integer(1), size: 1, onCancel: {}) { request in
            var happened = [false, false]
            request.whileActive { happened[0] = true }
            _ = request.finish()
            request.whileActive { happened[1] = true }
            seen.record(happened)
        }
        #expect(try await seen.wait(forCount: 1) == [[true, false]])
    }

    @Test func passesOverCancellationsOfWhatIsNotThere() async throws {
        let gate = AsyncGate()
        requests.cancel(.integer(1))
        try start(.integer(2), gate: gate)
        requests.cancel(.integer(3))
        await gate.open()
        #expect(try await ended.wait(forCount: 1) == [true])
        requests.cancel(.integer(2))
        #expect(cancelled.elements.isEmpty)
    }

    @Test func tellsARequestFromAnEarlierOneOfItsID() async throws {
        let first = AsyncGate()
        let second = AsyncGate()
        try start(.integer(1), gate: first)
        requests.cancel(.integer(1))
        try start(.integer(1), gate: second)
        await first.open()
        #expect(try await ended.wait(forCount: 1) == [false])
        await second.open()
        #expect(try await ended.wait(forCount: 2) == [false, true])
    }

    @Test func refusesMoreThanItsMost() async throws {
        let gate = AsyncGate()
        for number in 0..<InFlightRequests.maxCount { try start(.integer(number), gate: gate) }
        let error = #expect(throws: RPCError.self) { try start(.integer(-1), gate: gate) }
        #expect(error?.code == -32603)
        requests.cancel(.integer(0))
        try start(.integer(-1), gate: gate)
        await gate.open()
        try await ended.wait(forCount: InFlightRequests.maxCount + 1)
    }

    @Test func waitsForRoomUntilTheWorkHasEnded() async throws {
        let gate = AsyncGate()
        let passed = Recorder<Bool>()
        try start(.integer(1), size: InFlightRequests.maxBytes, gate: gate)
        // Cancelled, but its memory is held until its work has ended.
        requests.cancel(.integer(1))
        async let waited: Void = onThread {
            try start(.integer(2), size: 2, gate: gate)
            passed.record(true)
        }
        await Task.yield()
        #expect(passed.elements.isEmpty)
        await gate.open()
        try await waited
    }

    @Test func refusesWhatHasNoRoomWhereNobodyIsThereToWaitFor() async throws {
        let gate = AsyncGate()
        try start(.integer(1), size: InFlightRequests.maxBytes, gate: gate)
        async let refused: Bool = onThread {
            do {
                try start(.integer(2), gate: gate)
                return false
            } catch {
                return (error as? RPCError)?.code == -32603
            }
        }
        requests.stopWaitingForRoom()
        #expect(try await refused)
        await gate.open()
        try await ended.wait(forCount: 1)
    }

    @Test func refusesWhatHasNoRoomForTooLong() async throws {
        let requests = InFlightRequests(roomTimeout: 0)
        let gate = AsyncGate()
        try requests.start(.integer(1), size: InFlightRequests.maxBytes, onCancel: {}) { _ in await gate.wait() }
        let error = #expect(throws: RPCError.self) { try requests.start(.integer(2), size: 1, onCancel: {}) { _ in } }
        #expect(error?.code == -32603)
        #expect(error?.message.contains("256 MiB") == true)
        await gate.open()
    }

    @Test func takesWhatIsLargerThanAllTheRoomWhereThereIsNothingElse() async throws {
        let gate = AsyncGate()
        try start(.integer(1), size: 2 * InFlightRequests.maxBytes, gate: gate)
        await gate.open()
        #expect(try await ended.wait(forCount: 1) == [true])
    }

    @Test(arguments: [("5.0", .double(5)), ("1e3", .double(1000)), (#""a\ud83d""#, "a\u{FFFD}")] as [(String, JSON)])
    func aCancellationMayReadAnIDThatIsKeptAsItWasWritten(id: String, value: JSON) async throws {
        let gate = AsyncGate()
        try start(.verbatim(id), gate: gate)
        requests.cancel(.double(5.5))
        #expect(cancelled.elements.isEmpty)
        requests.cancel(value)
        #expect(cancelled.elements == [.verbatim(id)])
        await gate.open()
        try await ended.wait(forCount: 1)
    }
}
