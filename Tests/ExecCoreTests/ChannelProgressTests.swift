import ExecCoreTestSupport
import JSON
import TestSupport
import Testing
import Threading

@testable import ExecCore

/// Lines that a guest sends while a call runs.
@Suite(.timeLimit(.minutes(3))) struct ChannelProgressTests {
    private let guest: FakeGuest
    private let lines = Recorder<[UInt8]>()

    init() throws {
        guest = try FakeGuest()
    }

    private func begin() async throws -> (task: Task<Channel.Reply, any Error>, id: UInt32) {
        let call = guest.call(onProgress: { [lines] in lines.record($0) })
        return (call, try await guest.nextCall())
    }

    private func violation(_ frames: Frame...) -> String? {
        do {
            try guest.say(bytes: frames.flatMap(\.bytes))
            return nil
        } catch {
            return (error as? ChannelError)?.reason ?? "\(error)"
        }
    }

    @Test func handsOnEachLineInOrderBeforeTheResult() async throws {
        let call = try await begin()
        for number in UInt8(0)..<20 { try guest.say(Frame(.progress, call: call.id, payload: [number])) }
        #expect(lines.elements == (0..<20).map { [$0] })
        try guest.say(Frame(.result, call: call.id, .null))
        _ = try await call.task.value
        #expect(lines.elements.count == 20)
    }

    @Test func refusesProgressThatNobodyAskedFor() async throws {
        let call = guest.call()
        let id = try await guest.nextCall()
        #expect(violation(Frame(.progress, call: id, payload: [0x61])) == "sent progress that was not requested")
        #expect(violation(Frame(.progress, call: id + 1, payload: [0x61])) == "sent progress that was not requested")
        guest.channel.end(ExecError(.sandboxEnded, "tampered with"))
        await #expect(throws: ExecError.self) { try await call.value }
    }

    @Test(arguments: [Frame.Kind.result, .failure])
    func refusesProgressAfterTheAnswer(kind: Frame.Kind) async throws {
        let call = try await begin()
        #expect(
            violation(Frame(kind, call: call.id, [:]), Frame(.progress, call: call.id, payload: [0x61]))
                == "sent progress that was not requested")
        _ = try? await call.task.value
        #expect(lines.elements.isEmpty)
    }

    @Test func takesALineAndNoBook() async throws {
        let call = try await begin()
        let longest = Array(repeating: UInt8(0x61), count: Frame.maxProgress)
        #expect(violation(Frame(.progress, call: call.id, payload: longest)) == nil)
        #expect(violation(Frame(.progress, call: call.id, payload: longest + [0x61])) == "sent progress of 2049 bytes")
        guest.channel.end(ExecError(.sandboxEnded, "tampered with"))
        await #expect(throws: ExecError.self) { try await call.task.value }
    }

    @Test func endsAtAFloodForOneCall() async throws {
        let (first, second) = (try await begin(), guest.call(onProgress: { _ in }))
        let other = try await guest.nextCall(after: 1)
        for _ in 0..<32 {
            #expect(violation(Frame(.progress, call: first.id, payload: [0x61])) == nil)
            #expect(violation(Frame(.progress, call: other, payload: [0x61])) == nil)
        }
        guest.clock.withLock { $0 += .seconds(1) }
        for _ in 0..<8 { #expect(violation(Frame(.progress, call: first.id, payload: [0x61])) == nil) }
        #expect(violation(Frame(.progress, call: first.id, payload: [0x61])) == "flooded the server with progress")
        guest.channel.end(ExecError(.sandboxEnded, "tampered with"))
        await #expect(throws: ExecError.self) { try await first.task.value }
        await #expect(throws: ExecError.self) { try await second.value }
    }

    @Test func aReportSaysNothingOnceItIsClosed() {
        let said = Recorder<String>()
        let report = ProgressSink { said.record($0) }
        report.deliver(Array("\u{1B}[1m one \u{1B}[0m\r\n".utf8))
        report.deliver(Array("\u{1B}[2K\t".utf8))
        report.deliver([])
        report.deliver(Array("two".utf8))
        report.close()
        report.deliver(Array("three".utf8))
        #expect(said.elements == ["one", "two"])
    }
}
