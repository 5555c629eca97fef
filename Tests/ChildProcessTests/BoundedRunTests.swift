import Foundation
import TestSupport
import Testing

@testable import ChildProcess

@Suite(.timeLimit(.minutes(3))) struct BoundedRunTests {
    @Test(arguments: [
        ("exit 0", ProgramStatus.exited(0), "exit status 0"), ("exit 7", .exited(7), "exit status 7"),
        ("exit 255", .exited(255), "exit status 255"), ("kill -TERM $$", .signalled(SIGTERM), "signal 15"),
        ("kill -KILL $$", .signalled(SIGKILL), "signal 9"), ("kill -SEGV $$", .signalled(SIGSEGV), "signal 11"),
    ])
    func tellsHowAProgramEnded(script: String, status: ProgramStatus, words: String) async throws {
        let output = try await Command.shell(script).run(timeout: 60)
        #expect(output.status == status)
        #expect(output.status.description == words)
        #expect(output.succeeded == (status == .exited(0)))
        #expect(!output.timedOut)
    }

    @Test func keepsTheTwoOutputsApart() async throws {
        let output = try await Command.shell("echo out; echo err >&2; printf more").run(timeout: 60)
        #expect(output.text == "out\nmore")
        #expect(output.errorText == "err\n")
    }

    @Test func givesAnEmptyInput() async throws {
        let output = try await Command(executable: "/bin/cat").run(timeout: 60)
        #expect(output == CommandOutput(status: .exited(0), output: [], errorOutput: [], timedOut: false))
    }

    @Test(arguments: [1, 65_536, 1_000_000])
    func givesTheWholeInput(count: Int) async throws {
        let input = [UInt8](repeating: UInt8(ascii: "x"), count: count)
        let output = try await Command(executable: "/bin/cat").run(input: input, limit: 10 << 20, timeout: 60)
        #expect(output.output == input)
    }

    @Test func aProgramThatDoesNotReadItsInputIsNoFailure() async throws {
        ignoreBrokenPipes()
        let input = [UInt8](repeating: 0, count: 1_000_000)
        #expect(try await Command(executable: "/bin/true").run(input: input, timeout: 60).succeeded)
    }

    @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 1_000_000])
    func readsTheWholeOutput(count: Int) async throws {
        let script = "head -c $1 /dev/zero | tr '\\0' 'x'; head -c $1 /dev/zero | tr '\\0' 'y' >&2"
        let output = try await Command.shell(script, "\(count)").run(limit: 10 << 20, timeout: 60)
        #expect(output.output == Array(repeating: UInt8(ascii: "x"), count: count))
        #expect(output.errorOutput == Array(repeating: UInt8(ascii: "y"), count: count))
    }

    @Test func readsTheWholeOutputOfFiftyProgramsAtOnce() async throws {
        let sizes = (0..<50).map { $0 == 0 ? 0 : 10 * 1024 * 1024 / (50 - $0) }
        let counts = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
            for size in sizes {
                group.addTask {
                    let output = try await Command.shell("head -c $1 /dev/zero", "\(size)")
                        .run(limit: 10 << 20, timeout: 100)
                    #expect(output.succeeded)
                    return (size, output.output.count)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts.count == 50)
        for (size, count) in counts { #expect(size == count) }
    }

    @Test func keepsNoMoreThanTheLimitAndLetsTheProgramGoOn() async throws {
        let output = try await Command.shell("head -c 1000000 /dev/zero; echo done >&2").run(limit: 1000, timeout: 60)
        #expect(output.output.count == 1000)
        #expect(output.errorText == "done\n")
        #expect(output.status == .exited(0))
    }

    @Test func endsAProgramWhoseTimeIsUp() async throws {
        let output = try await Command.shell("echo begun; exec sleep 600").run(timeout: 0.5)
        #expect(output.timedOut)
        #expect(!output.succeeded)
        #expect(output.status == .signalled(SIGTERM))
    }

    @Test func leavesAProgramThatEndsInTimeAlone() async throws {
        let output = try await Command.shell("sleep 0.2; echo done").run(timeout: 60)
        #expect(output.succeeded)
        #expect(output.text == "done\n")
    }

    @Test func letsAProgramTidyUpAtItsEnd() async throws {
        // It says that it is ready only by being stopped: the loop ends with the trap.
        let script = "trap 'echo tidied; exit 3' TERM; while :; do sleep 0.05; done"
        let output = try await Command.shell(script).run(timeout: 2)
        #expect(output.timedOut)
        #expect(output.text == "tidied\n")
        #expect(output.status == .exited(3))
    }

    @Test func endsAProgramThatIgnoresSIGTERM() async throws {
        let output = try await Command.shell("trap '' TERM; echo $$; while :; do sleep 0.05; done").run(timeout: 1)
        #expect(output.timedOut)
        #expect(output.status == .signalled(SIGKILL))
    }

    @Test func endsWhatTheProgramStartedToo() async throws {
        let output = try await Command.shell("sleep 600 & echo $!; wait").run(timeout: 1)
        let child = try #require(Int32(output.text.trimmingCharacters(in: .newlines)))
        #expect(output.timedOut)
        try await eventually { !processIsRunning(child) }
    }

    @Test func endsAProgramWhoseTaskIsCancelled() async throws {
        let directory = try TemporaryDirectory()
        let mark = "\(directory.path)/begun"
        let task = Task { try await Command.shell("touch \"$1\"; exec sleep 600", mark).run(timeout: 600) }
        try await eventually { FileManager.default.fileExists(atPath: mark) }
        task.cancel()
        #expect(try await task.value.status == .signalled(SIGTERM))
    }

    @Test func returnsThoughAGrandchildInItsOwnSessionHoldsThePipes() async throws {
        let output = try await Command.shell("setsid sleep 100 & echo $!").run(timeout: 60)
        #expect(output.status == .exited(0))
        #expect(!output.timedOut)
        let grandchild = try #require(Int32(output.text.trimmingCharacters(in: .newlines)))
        kill(grandchild, SIGKILL)
    }
}

/// Whether the process exists and has not ended.
private func processIsRunning(_ identifier: Int32) -> Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8) else { return false }
    return !status.contains(") Z ")
}
