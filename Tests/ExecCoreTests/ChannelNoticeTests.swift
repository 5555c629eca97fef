import ExecCoreTestSupport
import JSON
import TestSupport
import Testing
import Threading

@testable import ExecCore

/// What the guest tells unasked: changes of artifacts, and how often it may.
@Suite(.timeLimit(.minutes(3))) struct ChannelNoticeTests {
    private let guest: FakeGuest

    init() throws {
        guest = try FakeGuest()
    }

    private func violation(_ frame: Frame) -> String? {
        do {
            try guest.say(frame)
            return nil
        } catch {
            return (error as? ChannelError)?.reason ?? "\(error)"
        }
    }

    private static func change(_ added: JSON = [], _ modified: JSON = [], _ removed: JSON = []) -> JSON {
        ["added": added, "modified": modified, "removed": removed, "more": false]
    }

    @Test func tellsOfChangesInOrder() throws {
        try guest.say(
            Frame(.artifacts, call: 0, Self.change(["a", "b\n"])),
            Frame(.artifacts, call: 0, Self.change([], ["a"])),
            Frame(.artifacts, call: 0, ["added": [], "modified": [], "removed": ["é"], "more": true]))
        #expect(
            guest.changes.elements == [
                ArtifactChange(added: ["a", "b\n"]), ArtifactChange(modified: ["a"]),
                ArtifactChange(removed: ["é"], isComplete: false),
            ])
        #expect(guest.changes.elements.map(\.listChanged) == [true, false, true])
    }

    @Test(
        arguments: [
            [:], [], .null, "a", ["added": ["a"]], change([1]), change("a"), change([""]), change([".hidden"]),
            change([], ["../a"]), change([], [], ["a\0"]), change([.string(String(repeating: "x", count: 256))]),
            change(.array(Array(repeating: "a", count: 101))),
            ["added": [], "modified": [], "removed": [], "more": 1],
        ] as [JSON])
    func refusesAChangeOfWhatCannotBe(change: JSON) {
        #expect(violation(Frame(.artifacts, call: 0, change)) == "reported an invalid change of artifacts")
        #expect(guest.changes.elements.isEmpty)
    }

    @Test func takesAHundredNamesOfTheGreatestLength() {
        let names = (100..<200).map { JSON.string("\($0)" + String(repeating: "\u{1}", count: 252)) }
        #expect(violation(Frame(.artifacts, call: 0, Self.change(.array(names), .array(names), .array(names)))) == nil)
        #expect(guest.changes.elements.first?.removed.count == 100)
    }

    @Test func endsAtAFloodOfChanges() {
        let frame = Frame(.artifacts, call: 0, Self.change(["a"]))
        for _ in 0..<32 { #expect(violation(frame) == nil) }
        guest.clock.withLock { $0 += .seconds(2) }
        for _ in 0..<16 { #expect(violation(frame) == nil) }
        #expect(violation(frame) == "flooded the server with changes of artifacts")
        #expect(guest.changes.elements.count == 48)
    }

    @Test func knowsWhetherJobsLive() {
        #expect(!guest.channel.hasJobs)
        for (byte, hasJobs) in [(1, true), (1, true), (0, false), (255, true)] as [(UInt8, Bool)] {
            #expect(violation(Frame(.jobs, call: 0, payload: [byte])) == nil)
            #expect(guest.channel.hasJobs == hasJobs)
        }
    }

    @Test(arguments: [[], [1, 1], [UInt8](repeating: 0, count: 1 << 20)] as [[UInt8]])
    func refusesNewsOfJobsThatCannotBe(payload: [UInt8]) {
        #expect(violation(Frame(.jobs, call: 0, payload: payload)) == "sent an invalid report of jobs")
    }

    @Test func endsAtAFloodOfNewsOfJobs() {
        for _ in 0..<32 { #expect(violation(Frame(.jobs, call: 0, payload: [1])) == nil) }
        #expect(violation(Frame(.jobs, call: 0, payload: [1])) == "flooded the server with reports of jobs")
    }

    @Test func endsAtAFloodOfLogLinesAndNotAtManyInALongLife() {
        let frame = Frame(.log, call: 0, payload: [0x61])
        for _ in 0..<1000 {
            #expect(violation(frame) == nil)
            guest.clock.withLock { $0 += .seconds(1) }
        }
        var count = 0
        while violation(frame) == nil { count += 1 }
        #expect((200..<1000).contains(count))
    }
}
