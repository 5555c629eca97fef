import TestSupport
import Testing

@testable import ExecCore

/// What the guest is told about a command's timeout.
@Suite(.timeLimit(.minutes(3))) struct CommandClockTests {
    @Test func whilePeopleAreAskedThatCountsMoreThanAServersWork() async throws {
        let sent = Recorder<[UInt8]>()
        let clock = CommandClock(of: 7) { sent.record($0.payload) }
        let changes: [(change: (CommandClock) -> Void, payload: [UInt8])] = [
            ({ $0.hold(true) }, [1]), ({ $0.suspend(true) }, [2]), ({ $0.suspend(false) }, [1]),
            ({ $0.hold(false) }, [0]), ({ $0.suspend(true) }, [2]), ({ $0.suspend(false) }, [0]),
        ]
        for (number, step) in changes.enumerated() {
            step.change(clock)
            #expect(try await sent.wait(forCount: number + 1).last == step.payload)
        }
        clock.hold(false)
        clock.suspend(false)
        clock.hold(true)
        #expect(try await sent.wait(forCount: changes.count + 1).last == [1], "nothing is said twice")
        #expect(sent.elements.count == changes.count + 1)
    }
}
