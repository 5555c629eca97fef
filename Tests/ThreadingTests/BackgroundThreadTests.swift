import Foundation
import TestSupport
import Testing
import Threading

@Suite(.timeLimit(.minutes(3))) struct BackgroundThreadTests {
    @Test func runsOnAThreadOfItsOwn() async throws {
        // While all of them wait for each other, each must have its own.
        let arrived = ConditionLocked(0)
        _ = try await onThreads(16) { _ in
            arrived.change { $0 += 1 }
            arrived.wait { $0 == 16 ? () : nil }
        }
    }

    @Test func letsGoOfItsBody() async throws {
        let hasRun = Recorder<Bool>()
        weak var observed: Recorder<Int>?
        do {
            let held = Recorder<Int>()
            observed = held
            try BackgroundThread.start {
                held.record(1)
                hasRun.record(true)
            }
        }
        try await hasRun.wait(forCount: 1)
        try await eventually { observed == nil }
    }

    @Test func saysWhenTheSystemRefusesAThread() {
        let tooMuch = 1 << 46
        let error = #expect(throws: ThreadError.self) { try BackgroundThread.start(stackSize: tooMuch) {} }
        #expect(error?.description.hasPrefix("cannot start a thread: ") == true)
    }

    @Test func passesOnTheOutcomeOfWhatBlocks() async throws {
        #expect(try await BackgroundThread.run("test") { 7 } == 7)
        await #expect(throws: CancellationError.self) {
            try await BackgroundThread.run("test") { throw CancellationError() }
        }
    }

    #if os(Linux)
        @Test(arguments: [
            ("test-thread", "test-thread\n"), ("fifteen-letters", "fifteen-letters\n"),
            ("more-than-fifteen-letters", nil),
        ])
        func isKnownByItsName(name: String, comm: String?) async throws {
            let found = try await BackgroundThread.run(name) {
                try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
            }
            if let comm { #expect(found == comm) } else { #expect(!found.hasPrefix("more")) }
        }
    #endif
}
