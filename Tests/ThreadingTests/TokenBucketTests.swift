import Testing

@testable import Threading

@Suite struct TokenBucketTests {
    /// How many of `tries` at each time, in seconds, a budget gives.
    private func given(perSecond: Double, atOnce: Double, tries: Int, at times: [Double]) -> [Int] {
        let start = ContinuousClock.now
        var budget = TokenBucket(perSecond: perSecond, atOnce: atOnce)
        return times.map { time in
            (0..<tries).reduce(0) { count, _ in budget.take(at: start + .seconds(time)) ? count + 1 : count }
        }
    }

    @Test func givesSoManyAtOnceAndMoreAsTimePasses() {
        #expect(given(perSecond: 8, atOnce: 32, tries: 40, at: [0, 0, 2, 2.5]) == [32, 0, 16, 4])
        #expect(given(perSecond: 4, atOnce: 1, tries: 1, at: [0, 0.2, 0.3, 0.301]) == [1, 0, 1, 0])
    }

    @Test func savesUpForAWhileAndNotForEver() {
        #expect(given(perSecond: 1, atOnce: 10, tries: 1000, at: [0, 60, 86_400]) == [10, 60, 130])
    }

    @Test func aClockThatGoesBackGivesNothing() {
        #expect(given(perSecond: 1, atOnce: 1, tries: 2, at: [0, -100]) == [1, 0])
    }
}
