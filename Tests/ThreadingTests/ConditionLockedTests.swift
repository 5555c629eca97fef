import TestSupport
import Testing
import Threading

@Suite(.timeLimit(.minutes(3))) struct ConditionLockedTests {
    @Test func doesNotWaitForWhatIsSoAlready() {
        let monitor = ConditionLocked(7)
        #expect(monitor.wait { $0 == 7 ? "seven" : nil } == "seven")
    }

    @Test func wakesEveryWaiterAtAChange() async throws {
        let monitor = ConditionLocked(0)
        let waiting = Recorder<Int>()
        async let seen = onThreads(6) { number in
            monitor.wait { value in
                if value == 0 { waiting.record(number) }
                return value > 0 ? value : nil
            }
        }
        try await waiting.wait(forCount: 6)
        monitor.change { $0 = 42 }
        #expect(try await seen == Array(repeating: 42, count: 6))
    }

    @Test func givesWhatAWaiterTakesToNoOther() async throws {
        let tokens = ConditionLocked<[Int]>([])
        async let taken = onThreads(10) { _ in tokens.wait { $0.popLast() } }
        for number in 0..<10 { tokens.change { $0.append(number) } }
        #expect(try await taken.sorted() == Array(0..<10))
        #expect(tokens.change { $0.isEmpty })
    }

    @Test func returnsWhatAChangeReturns() {
        let monitor = ConditionLocked("a")
        #expect(
            monitor.change { text in
                text += "b"
                return text.count
            } == 2)
    }

    @Test func waitsNoLongerThanItMay() async throws {
        let monitor = ConditionLocked(0)
        #expect(monitor.wait(seconds: 0) { $0 > 0 ? $0 : nil } == nil)
        #expect(monitor.wait(seconds: 0.01) { $0 > 0 ? $0 : nil } == nil)
        #expect(monitor.wait(seconds: 0) { $0 == 0 ? "now" : nil } == "now")
        let waiting = Recorder<Bool>()
        async let seen = onThread {
            monitor.wait(seconds: 600) { value in
                waiting.record(true)
                return value > 0 ? value : nil
            }
        }
        try await waiting.wait(forCount: 1)
        monitor.change { $0 = 42 }
        #expect(try await seen == 42)
    }
}
