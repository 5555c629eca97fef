import Foundation
import TestSupport
import Testing

@testable import ChildProcess

/// What becomes of children whose parent is killed.
@Suite(.timeLimit(.minutes(3))) struct ChildGuardTests {
    /// A program that doesn't mind that its input is closed. It notes in the file `$1` that it runs, and in `$2` that it
    /// gets SIGTERM; a child of it does both.
    private static let script = """
        exec 2>/dev/null
        (trap 'echo ended > "$2"; exit' TERM; echo started > "$1"; while :; do sleep 0.1; done) &
        wait
        """

    @Test func aGuardedChildAndItsOwnEndWithAParentThatIsKilled() async throws {
        let directory = try TemporaryDirectory()
        let (started, ended) = ("\(directory.path)/started", "\(directory.path)/ended")
        let script = Self.script
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [script = script as String, started = started as String, ended = ended as String] in
            ignoreBrokenPipes()
            let child = try ChildProcess(starting: .shell(script, started, ended), isGuarded: true)
            try child.read(onOutput: { _ in }, onEnd: { _ in })
            try await eventually { FileManager.default.fileExists(atPath: started) }
            kill(getpid(), SIGKILL)
            try await Task.sleep(for: .seconds(60))
        }
        try await eventually { FileManager.default.fileExists(atPath: ended) }
        withExtendedLifetime(directory) {}
    }

    @Test func aGuardThatIsSlowToReadIsNotReplacedAndForgetsNoChild() async throws {
        let directory = try TemporaryDirectory()
        let (started, ended) = ("\(directory.path)/started", "\(directory.path)/ended")
        let script = Self.script
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [script = script as String, started = started as String, ended = ended as String] in
            ignoreBrokenPipes()
            _ = try await ChildProcess(starting: .shell("exit 0"), isGuarded: true).story()
            let guards = try await Self.children()
            try #require(guards.count == 1)
            kill(guards[0], SIGSTOP)
            let child = try ChildProcess(starting: .shell(script, started, ended), isGuarded: true)
            try child.read(onOutput: { _ in }, onEnd: { _ in })
            try await eventually { FileManager.default.fileExists(atPath: started) }
            // More than a pipe holds: the guard removes an id that it doesn't have, without an effect.
            for _ in 0..<17_000 { ChildGuard.shared.remove(1) }
            let late = try ChildProcess(starting: .shell("exec sleep 1000"), isGuarded: true)
            try late.read(onOutput: { _ in }, onEnd: { _ in })
            #expect(try await Self.children().count == 3, "the guard and two children")
            late.signal(SIGKILL)
            kill(guards[0], SIGCONT)
            // What had no room follows with what is said next.
            try await eventually {
                ChildGuard.shared.remove(1)
                return !ChildGuard.shared.hasBacklog
            }
            #expect(!FileManager.default.fileExists(atPath: ended))
            kill(getpid(), SIGKILL)
            try await Task.sleep(for: .seconds(60))
        }
        try await eventually { FileManager.default.fileExists(atPath: ended) }
        withExtendedLifetime(directory) {}
    }

    /// The processes whose parent this one is, without those of the question itself.
    private static func children() async throws -> [Int32] {
        let listed = try await Command(executable: "/bin/ps", arguments: ["-A", "-o", "pid=,ppid=,comm="])
            .run(limit: 16 << 20, timeout: 60)
        return String(decoding: listed.output, as: UTF8.self).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count >= 3, Int32(words[1]) == getpid(), words[2] != "ps", !words.contains("<defunct>") else {
                return nil
            }
            return Int32(words[0])
        }
    }

    @Test func guardedChildrenLeaveNothingBehindButTheGuard() async {
        await #expect(processExitsWith: .success) {
            ignoreBrokenPipes()
            _ = try await ChildProcess(starting: .shell("exit 0"), isGuarded: true).story()
            try await warmUpClocks()
            let before = try openDescriptors()
            for _ in 0..<20 {
                _ = try await ChildProcess(starting: .shell("exit 0"), isGuarded: true).story()
            }
            try await eventually { try openDescriptors() == before }
            // The guard still runs.
            #expect(waitpid(-1, nil, WNOHANG) == 0)
        }
    }
}
