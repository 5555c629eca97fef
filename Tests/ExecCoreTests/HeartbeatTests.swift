import Testing

@testable import ExecCore

/// When a guest is asked for a sign of life, and when it counts as gone.
@Suite struct HeartbeatTests {
    private static let start = ContinuousClock.now

    /// What a heartbeat of 15 seconds says at each of these seconds.
    private func actions(_ checks: [(second: Double, hasHeard: Bool)]) -> [Heartbeat.Action] {
        var heartbeat = Heartbeat(interval: .seconds(15))
        return checks.map { heartbeat.check(at: Self.start + .seconds($0.second), hasHeard: $0.hasHeard) }
    }

    @Test func asksOnceInEachInterval() {
        let actions = actions((0...300).map { (Double($0), true) })
        #expect(actions.indices.filter { actions[$0] == .ping } == Array(stride(from: 15, through: 300, by: 15)))
        #expect(!actions.contains(.giveUp))
    }

    @Test func givesUpAfterFourIntervalsOfSilence() {
        let actions = actions((0...60).map { (Double($0), false) })
        #expect(actions.firstIndex(of: .giveUp) == 60)
        #expect(actions.count { $0 == .ping } == 3)
    }

    @Test func aSignOfLifeStartsTheSilenceAnew() {
        let actions = actions((0...118).map { (Double($0), $0 == 59) })
        #expect(!actions.contains(.giveUp))
    }

    /// Somebody has stopped the server, or the machine slept: then nobody could have been heard.
    @Test func timeInWhichNobodyListenedHardlyCounts() {
        #expect(actions([(0, true), (3600, false), (7200, false), (7201, true)]) == [.wait, .wait, .wait, .wait])
        let silent = actions((0...20).map { (Double($0) * 1000, false) })
        #expect(silent.firstIndex(of: .giveUp) == 20)
    }

    @Test func startsAnewAfterItHasGivenUp() {
        let actions = actions((0...120).map { (Double($0), false) })
        #expect(actions.indices.filter { actions[$0] == .giveUp } == [60, 120])
    }
}
