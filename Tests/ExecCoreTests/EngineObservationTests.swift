import Diagnostics
import JSON
import TestSupport
import Testing

@testable import ExecCore

/// What the starts of sandboxes show of an engine.
@Suite struct EngineObservationTests {
    private let log = Recorder<String>()
    private let observations: EngineObservations

    init() {
        observations = EngineObservations(logger: Logger(program: "p", level: .warning) { [log] in log.record($0) })
    }

    private func say(_ pieces: String...) {
        let listener = observations.listener()
        for piece in pieces { Array(piece.utf8).withUnsafeBytes(listener) }
    }

    @Test func whatAnEngineSaysIsLoggedLineByLineAndOnce() {
        say("WARNING: no sw", "ap\r\n\n  \nodd\u{1B}[2J\n")
        say("WARNING: no swap\nnew\n")
        #expect(
            log.elements == [
                "p: warning: the engine says: WARNING: no swap\n",
                "p: warning: the engine says: odd\u{FFFD}[2J\n", "p: warning: the engine says: new\n",
            ])
    }

    @Test func whatAnEngineSaysIsBounded() {
        say(String(repeating: "x", count: 1 << 20) + "\n" + (1...1000).map { "line \($0)\n" }.joined())
        #expect(log.elements.count == 20)
        #expect(log.elements.allSatisfy { $0.count < 700 })
        for number in 1...200 { say("other \(number)\n") }
        #expect(log.elements.count == 100)
    }

    @Test func aDirectoryThatCannotBeWrittenToIsToldOnce() {
        for _ in 1...3 {
            observations.record(
                unwritable: ["/home/coderunner", "/artifacts", "\n/else"], of: SandboxConfiguration())
        }
        observations.record(unwritable: ["/else"], of: SandboxConfiguration())
        observations.record(unwritable: [], of: SandboxConfiguration())
        #expect(log.elements.count == 1)
        #expect(log.elements.first?.contains("cannot write to /artifacts, /home/coderunner, whose") == true)
        observations.record(unwritable: ["/artifacts"], of: SandboxConfiguration())
        #expect(log.elements.count == 2)
    }

    @Test func aLimitThatDoesNotHoldIsToldOnce() {
        #expect(observations.limits == LimitKnowledge())
        for _ in 1...3 {
            observations.record(
                SeenLimits(["memory": -1, "cpus": 1, "pids": 4096]), of: SandboxConfiguration())
        }
        #expect(observations.limits == LimitKnowledge(held: [.processors], broken: [.memory, .processes]))
        #expect(log.elements.count == 1)
        #expect(log.elements.first?.contains("there is no memory limit, 4096 processes.") == true)
        #expect(log.elements.first?.contains("delegated to the user") == true)
    }

    @Test func limitsThatHoldAndThoseThatCannotBeSeenAreNoNews() {
        observations.record(SeenLimits(["memory": 1_073_741_824, "cpus": 1]), of: SandboxConfiguration())
        #expect(observations.limits == LimitKnowledge(held: [.memory, .processors]))
        #expect(log.elements.isEmpty)
    }

    @Test(
        arguments: [
            (["memory": 1_073_741_824, "cpus": 1, "pids": 256], [], []),
            (["memory": 1_073_745_920, "cpus": 1.0001, "pids": 256], [], []),
            (["memory": 536_870_912, "cpus": 0.5, "pids": 20], [], []),
            (["memory": -1, "cpus": -1, "pids": -1], [.memory, .processors, .processes], []),
            (["memory": 2_147_483_648, "cpus": 2, "pids": 257], [.memory, .processors], []),
            (["memory": 1e300, "cpus": -2, "pids": "256"], [.memory], [.processors, .processes]),
            (.null, [], LimitKind.allCases), ("odd", [], LimitKind.allCases), ([1], [], LimitKind.allCases),
        ] as [(JSON, [LimitKind], [LimitKind])])
    func judgesWhatASandboxSays(answer: JSON, broken: [LimitKind], hidden: [LimitKind]) {
        let seen = SeenLimits(answer)
        #expect(seen.broken(for: SandboxConfiguration()).map(\.kind) == broken)
        #expect(seen.hidden == hidden)
    }
}
