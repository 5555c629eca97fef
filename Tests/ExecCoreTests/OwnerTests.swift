import ChildProcess
import Foundation
import TestSupport
import Testing

@testable import ExecCore

@Suite(.timeLimit(.minutes(3))) struct OwnerTests {
    private let us = Owner.current()

    /// The same owner with one thing another.
    private func like(
        _ owner: Owner, host: String? = nil, boot: String? = nil, namespace: String? = nil, pid: Int32? = nil,
        startTime: String? = nil
    ) -> Owner {
        Owner(
            host: host ?? owner.host, boot: boot ?? owner.boot, pidNamespace: namespace ?? owner.pidNamespace,
            pid: pid ?? owner.pid, startTime: startTime ?? owner.startTime)
    }

    /// The id of a process that there was and is no more.
    private func deadProcess() async throws -> Int32 {
        let child = try ChildProcess(starting: Command(executable: "/bin/true"))
        _ = try await child.story()
        return child.identifier
    }

    @Test func knowsThisProcess() {
        #expect(us.pid == getpid())
        #expect(!us.host.isEmpty)
        #expect(!us.boot.isEmpty)
        #expect(!us.startTime.isEmpty)
        #expect(us == Owner.current())
    }

    @Test func isAliveWhileItsProcessIs() {
        #expect(!us.isDead(seenBy: us))
    }

    @Test func isDeadOnceItsProcessIsGone() async throws {
        #expect(like(us, pid: try await deadProcess()).isDead(seenBy: us))
        #expect(like(us, pid: .max).isDead(seenBy: us))
    }

    @Test func isDeadWhereAnotherProcessHasItsNumber() {
        #expect(like(us, startTime: "1").isDead(seenBy: us))
        #expect(like(us, startTime: "").isDead(seenBy: us))
    }

    @Test func isDeadAfterTheMachinesRestart() {
        #expect(like(us, boot: "another").isDead(seenBy: us))
        #expect(like(us, boot: "another", namespace: "another").isDead(seenBy: us))
    }

    @Test func countsAsAliveWhereItCannotBeJudged() async throws {
        let dead = like(us, pid: try await deadProcess())
        #expect(!like(dead, host: "another").isDead(seenBy: us))
        #expect(!like(dead, host: "another", boot: "another").isDead(seenBy: us))
        #expect(!like(dead, namespace: "another").isDead(seenBy: us))
    }

    @Test func comesBackFromItsLabels() {
        #expect(us.labels.map(\.name) == Owner.labelNames)
        #expect(Owner(labelValues: us.labels.map(\.value)) == us)
    }

    @Test(arguments: [
        [], ["h", "b", "n", "1"], ["h", "b", "n", "1", "s", "more"], ["h", "b", "n", "", "s"],
        ["h", "b", "n", "0", "s"], ["h", "b", "n", "-1", "s"], ["h", "b", "n", "1x", "s"],
        ["h", "b", "n", "99999999999", "s"], ["h", "b", "n", "<no value>", "s"],
    ])
    func isNotMadeFromLabelsThatMakeNoSense(values: [String]) {
        #expect(Owner(labelValues: values) == nil)
    }

    @Test func readsTheStartOfAProcessWhateverItCallsItself() async throws {
        // The program names itself so that its line in /proc looks like one with other fields.
        let script = """
            open("/proc/self/comm", "w").write(") S 1 2 (3")
            print(open("/proc/self/stat").read().rpartition(")")[2].split()[19], flush=True)
            input()
            """
        let child = try ChildProcess(
            starting: Command(executable: "/usr/bin/python3", arguments: ["-I", "-S", "-c", script]))
        let said = Recorder<String>()
        let ended = Recorder<ChildProcess.End>()
        try child.read {
            said.record(String(decoding: $0, as: UTF8.self))
        } onEnd: {
            ended.record($0)
        }
        let text = try await said.wait { $0.joined().hasSuffix("\n") }.joined()
        #expect(Owner.startTime(of: child.identifier) == text.trimmingCharacters(in: .newlines))
        child.input.close()
        try await ended.wait(forCount: 1)
        #expect(Owner.startTime(of: child.identifier) == nil)
    }
}
