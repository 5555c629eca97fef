import Foundation
import TestSupport
import Testing
import Threading

@testable import ChildProcess

@Suite(.timeLimit(.minutes(3))) struct ChildProcessTests {
    @Test func handsOnWhatTheChildIsSentAndSays() async throws {
        let child = try ChildProcess(starting: Command(executable: "/bin/cat"))
        async let story = child.story()
        try await child.input.write(Array("one\n".utf8))
        try await child.input.write(Array("two\n".utf8))
        child.input.close()
        #expect(try await story.text == "one\ntwo\n")
        #expect(try await story.end == ChildProcess.End(status: .exited(0), errorOutput: []))
    }

    @Test(arguments: [0, 1, 65_537, 10 * 1024 * 1024])
    func losesNothingEitherWay(count: Int) async throws {
        let child = try ChildProcess(starting: Command(executable: "/bin/cat"))
        async let story = child.story()
        let sent = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        try await child.input.write(sent)
        child.input.close()
        #expect(try await story.output == sent)
    }

    @Test func anotherGoesOnWithPipesThatWereReleased() async throws {
        let first = try ChildProcess(starting: .shell("while read line; do echo got $line; done; echo end; exit 3"))
        let released = Recorder<PipeEnds>()
        try first.read { _ in
            first.release()
        } onRelease: {
            released.record($0)
        } onEnd: { _ in
            Issue.record("it went on reading")
        }
        try await first.input.write(Array("one\n".utf8))
        let ends = try #require(await released.wait { !$0.isEmpty }.first)
        await #expect(throws: PipeClosedError.self) { try await first.input.write([0x0A]) }
        let second = ChildProcess(adopting: ends)
        async let story = second.story()
        try await second.input.write(Array("two\n".utf8))
        // It is not ours: nothing is signalled, also no process group that our number for it might mean.
        second.signal(SIGKILL)
        second.input.close()
        #expect(try await story.text == "got two\nend\n")
        #expect(try await story.end.status == .exited(-1))
        first.signal(SIGKILL)
        #expect(reap(first.identifier) == .exited(3))
    }

    @Test func talksToFiftyChildrenAtOnce() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                group.addTask {
                    let child = try ChildProcess(starting: Command(executable: "/bin/cat"))
                    async let story = child.story()
                    for line in 0..<20 { try await child.input.write(Array("\(number) \(line)\n".utf8)) }
                    // Closing one's input must end it: no sibling may hold the other end.
                    child.input.close()
                    #expect(try await story.text == (0..<20).map { "\(number) \($0)\n" }.joined())
                }
            }
            try await group.waitForAll()
        }
    }

    @Test(arguments: [("exit 5", ProgramStatus.exited(5)), ("kill -9 $$", .signalled(SIGKILL))])
    func tellsHowTheChildEnded(script: String, status: ProgramStatus) async throws {
        #expect(try await ChildProcess(starting: .shell(script)).story().end.status == status)
    }

    @Test func keepsTheEndOfALongStandardError() async throws {
        let script = "i=0; while [ $i -lt 4000 ]; do echo \"line $i\"; i=$((i+1)); done >&2"
        let errorText = try await ChildProcess(starting: .shell(script)).story().errorText
        #expect(errorText.utf8.count == ChildProcess.errorOutputLimit)
        #expect(errorText.hasSuffix("line 3998\nline 3999\n"))
    }

    @Test(arguments: ["sleep 600 & ", "setsid sleep 120 & ", "(while :; do echo flood; done) & ", ""])
    func endsWithTheProgramWhereThatIsWhatCounts(background: String) async throws {
        ignoreBrokenPipes()
        let child = try ChildProcess(starting: .shell("\(background) echo hello; echo oh >&2; exit 7"))
        let pieces = Recorder<[UInt8]>()
        let ends = Recorder<ChildProcess.End>()
        let before = ContinuousClock.now
        try child.read(endsWithProgram: true, onOutput: { pieces.record(Array($0)) }, onEnd: ends.record)
        let end = try await ends.wait(forCount: 1)[0]
        #expect(end == ChildProcess.End(status: .exited(7), errorOutput: Array("oh\n".utf8)))
        #expect(String(decoding: pieces.elements.joined(), as: UTF8.self).contains("hello\n"))
        #expect(before.duration(to: .now) < .seconds(100))
    }

    @Test func signalsTheWholeGroup() async throws {
        let child = try ChildProcess(starting: .shell("sleep 600 & echo $!; wait"))
        let said = Recorder<[UInt8]>()
        let ended = Recorder<ChildProcess.End>()
        try child.read {
            said.record(Array($0))
        } onEnd: {
            ended.record($0)
        }
        try await said.wait { $0.joined().contains(0x0A) }
        let grandchild = try #require(
            Int32(String(decoding: said.elements.joined(), as: UTF8.self).trimmingCharacters(in: .newlines)))
        child.signal(SIGKILL)
        // The grandchild holds the pipe: without its end there is none for the reader either.
        #expect(try await ended.wait(forCount: 1).first?.status == .signalled(SIGKILL))
        try await eventually { !processExists(grandchild) || isZombie(grandchild) }
    }

    @Test func aSignalAfterTheEndGoesNowhere() async throws {
        let child = try ChildProcess(starting: .shell("exit 0"))
        _ = try await child.story()
        #expect(!processExists(child.identifier))
        child.signal(SIGKILL)
    }

    @Test func waitsWhileTheReaderIsSlow() async throws {
        let directory = try TemporaryDirectory()
        let mark = "\(directory.path)/all-written"
        let gate = ConditionLocked(false)
        let pieces = Recorder<Int>()
        let ended = Recorder<ChildProcess.End>()
        let child = try ChildProcess(starting: .shell("head -c 5000000 /dev/zero; touch \"$1\"", mark))
        try child.read { piece in
            pieces.record(piece.count)
            gate.wait { $0 ? () : nil }
        } onEnd: {
            ended.record($0)
        }
        try await pieces.wait(forCount: 1)
        #expect(pieces.elements.count == 1)
        #expect(!FileManager.default.fileExists(atPath: mark))
        gate.change { $0 = true }
        try await ended.wait(forCount: 1)
        #expect(pieces.elements.reduce(0, +) == 5_000_000)
        #expect(FileManager.default.fileExists(atPath: mark))
    }

    private func isZombie(_ identifier: Int32) -> Bool {
        (try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8))?.contains(") Z ") ?? true
    }
}
