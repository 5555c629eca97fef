import JSON
import TestSupport
import Testing

@testable import ExecAgent

/// The numbered events of a run.
@Suite(.timeLimit(.minutes(3))) struct RunLogTests {
    private func log(_ count: Int, maxCount: Int = 1000, maxBytes: Int = 1 << 20) -> RunLog {
        let log = RunLog(maxCount: maxCount, maxBytes: maxBytes, now: { 1.5 })
        for number in 0..<count { log.add(["type": "notice", "message": .integer(number)]) }
        return log
    }

    private func numbers(_ batch: RunLog.Batch) -> [Int] {
        guard case .events(let entries) = batch else { return [] }
        return entries.map(\.number)
    }

    @Test func numbersItsEventsAndSaysWhenTheyCame() {
        let log = log(2)
        #expect(log.entries.map(\.number) == [1, 2])
        #expect(log.entries.map { $0.event["seq"] } == [1, 2])
        #expect(log.entries.first?.event["time"] == "1970-01-01T00:00:01.500Z")
    }

    @Test func replaysFromAnyNumber() async throws {
        let log = log(9)
        log.add(["type": "finished"], isLast: true)
        for number in 0..<10 {
            #expect(numbers(try await log.next(after: number)) == Array((number + 1)...10))
        }
        for number in [10, 11, 1000] { #expect(try await log.next(after: number) == .end) }
        #expect(numbers(try await log.next(after: -5)) == Array(1...10))
    }

    @Test func readsInBatches() async throws {
        let log = log(600)
        let first = numbers(try await log.next(after: 0))
        #expect(first.first == 1)
        #expect(first.count < 600)
        let second = numbers(try await log.next(after: first.count))
        #expect(second.first == first.count + 1)
    }

    @Test(arguments: [(10, 1 << 20), (1000, 600)])
    func dropsTheOldestEventsAndSaysWhich(maxCount: Int, maxBytes: Int) async throws {
        let log = log(3000, maxCount: maxCount, maxBytes: maxBytes)
        let first = try #require(log.entries.first?.number)
        #expect(log.entries.count <= maxCount)
        #expect(log.entries.last?.number == 3000)
        #expect(log.entries.map(\.number) == Array(first...3000))
        #expect(try await log.next(after: 0) == .gap(1...(first - 1)))
        #expect(try await log.next(after: first - 3) == .gap((first - 2)...(first - 1)))
        #expect(numbers(try await log.next(after: first - 1)).first == first)
    }

    @Test func keepsTheLastEventHoweverLargeItIs() {
        let log = log(5, maxBytes: 10)
        #expect(log.entries.map(\.number) == [5])
    }

    @Test func addsNothingAfterTheLastEvent() async throws {
        let log = log(1)
        #expect(log.add(["type": "finished"], isLast: true)?["seq"] == 2)
        #expect(log.add(["type": "text"]) == nil)
        #expect(log.lastNumber == 2)
        #expect(try await log.next(after: 2) == .end)
    }

    @Test func everyReaderWaitsForTheNextEvent() async throws {
        let log = log(1)
        let readers = (0..<3).map { _ in Task { try await log.next(after: 1) } }
        log.add(["type": "text"])
        for reader in readers { #expect(numbers(try await reader.value) == [2]) }
    }

    @Test func aReaderThatIsCancelledStopsToWait() async {
        let log = log(0)
        let reader = Task { try await log.next(after: 0) }
        reader.cancel()
        await #expect(throws: CancellationError.self) { _ = try await reader.value }
    }
}
