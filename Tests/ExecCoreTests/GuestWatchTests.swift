import ExecCoreTestSupport
import TestSupport
import Testing
import Threading

@testable import ExecCore

/// What becomes of a guest that gives no sign of life.
@Suite(.timeLimit(.minutes(2))) struct GuestWatchTests {
    private let guest: FakeGuest
    private let gone = Recorder<Void>()
    private let asked = Recorder<Void>()
    /// Whether somebody has stopped the guest, for each time that this is asked.
    private let answers = Locked<[Bool]>([])
    private let start = ContinuousClock.now

    init() throws {
        guest = try FakeGuest()
    }

    private func watch() -> GuestWatch {
        GuestWatch(guest.channel, interval: 15) { [asked, answers] in
            let answer = answers.withLock { $0.isEmpty ? false : $0.removeFirst() }
            asked.record(())
            return answer
        } onGone: { [gone] in
            gone.record(())
        }
    }

    private func pings() -> Int { guest.received.elements.count { $0.kind == .ping } }

    @Test func asksForSignsOfLife() async throws {
        let watch = watch()
        for second in 0...14 { watch.check(at: start + .seconds(second)) }
        #expect(pings() == 0)
        watch.check(at: start + .seconds(15))
        try await guest.received.wait(forCount: 1)
        #expect(pings() == 1)
        #expect(gone.elements.isEmpty)
    }

    @Test(arguments: [Frame(.pong, call: 0), Frame(.jobs, call: 0, payload: [1])])
    func anyFrameIsASignOfLife(frame: Frame) async throws {
        let watch = watch()
        for second in 0...300 {
            if second % 50 == 0 { try guest.say(frame) }
            watch.check(at: start + .seconds(second))
        }
        #expect(asked.elements.isEmpty)
    }

    @Test func aSilentGuestIsGone() async throws {
        let watch = watch()
        for second in 0...60 { watch.check(at: start + .seconds(second)) }
        try await gone.wait(forCount: 1)
        #expect(asked.elements.count == 1)
    }

    @Test func aSuspendedGuestIsLeftAloneAndAskedForAgain() async throws {
        answers.withLock { $0 = [true, false] }
        let watch = watch()
        for second in 0...60 { watch.check(at: start + .seconds(second)) }
        try await asked.wait(forCount: 1)
        #expect(gone.elements.isEmpty)
        // The answer arrives at some moment; from then on, the silence counts anew.
        var second = 61
        while asked.elements.count < 2 && second < 1_000_000 {
            watch.check(at: start + .seconds(second))
            second += 1
            await Task.yield()
        }
        #expect(second > 120)
        try await gone.wait(forCount: 1)
    }

    @Test func aSignOfLifeWhileTheEngineIsAskedKeepsTheGuest() async throws {
        let mayAnswer = AsyncEvent()
        let watch = GuestWatch(guest.channel, interval: 15) { [asked] in
            asked.record(())
            await mayAnswer.wait()
            return false
        } onGone: { [gone] in
            gone.record(())
        }
        for second in 0...60 { watch.check(at: start + .seconds(second)) }
        try await asked.wait(forCount: 1)
        try guest.say(Frame(.pong, call: 0))
        watch.check(at: start + .seconds(61))
        mayAnswer.complete()
        // It is asked again only if the guest was kept.
        var second = 62
        while asked.elements.count < 2 && second < 1_000_000 {
            watch.check(at: start + .seconds(second))
            second += 1
            await Task.yield()
        }
        #expect(asked.elements.count == 2)
        try await gone.wait(forCount: 1)
    }

    @Test func anEndedChannelIsNotWatched() async throws {
        let watch = watch()
        guest.channel.end(ExecError(.sandboxEnded, "over"))
        for second in 0...300 { watch.check(at: start + .seconds(second)) }
        #expect(asked.elements.isEmpty)
    }

    @Test func endsAtAFloodOfSignsOfLife() throws {
        for _ in 0..<1000 { try guest.say(Frame(.pong, call: 0)) }
        #expect(throws: ChannelError(reason: "flooded the server with signs of life")) {
            try guest.say(Frame(.pong, call: 0))
        }
    }

    @Test func aPingIsTheServersAlone() {
        #expect(throws: ChannelError(reason: "sent a frame that only the server sends")) {
            try guest.say(Frame(.ping, call: 0))
        }
    }

    @Test func knowsWhetherTheGuestHasSaidGoodbye() throws {
        #expect(!guest.channel.hasSaidGoodbye)
        try guest.say(Frame(.goodbye, call: 0))
        #expect(guest.channel.hasSaidGoodbye)
    }
}
