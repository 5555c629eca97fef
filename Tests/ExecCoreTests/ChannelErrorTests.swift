import ExecCoreTestSupport
import JSON
import TestSupport
import Testing

@testable import ExecCore

/// What no guest of ours sends. Everything in a sandbox may try it.
@Suite(.timeLimit(.minutes(3))) struct ChannelErrorTests {
    private let guest: FakeGuest

    init() throws {
        guest = try FakeGuest()
    }

    /// The call must still be open, and end with the channel.
    private func expectEnd(of call: Task<Channel.Reply, any Error>) async throws {
        guest.channel.end(ExecError(.sandboxEnded, "tampered with"))
        await #expect(throws: ExecError(.sandboxEnded, "tampered with")) { try await call.value }
    }

    private func violation(_ frames: Frame...) -> String? {
        do {
            try guest.say(bytes: frames.flatMap(\.bytes))
            return nil
        } catch {
            return (error as? ChannelError)?.reason ?? "\(error)"
        }
    }

    @Test(arguments: [
        (Frame(.result, call: 1, .null), "answered an unknown call"),
        (Frame(.failure, call: 1, [:]), "answered an unknown call"),
        (Frame(.result, call: 0, .null), "answered an unknown call"),
        (Frame(.result, call: .max, .null), "answered an unknown call"),
        (Frame(.data, call: 1, payload: [0, 1]), "sent data for an unknown call"),
        (Frame(.data, call: Frame.guestCallBit, payload: [0]), "sent data for an unknown call"),
        (Frame(.end, call: 1), "sent a frame that only the server sends"),
        (Frame(.cancel, call: 1), "sent a frame that only the server sends"),
        (Frame(.leave, call: 0), "sent a frame that only the server sends"),
        (Frame(.call, call: 1, ["method": "m"]), "started a call with an id reserved for the server"),
        (Frame(.hello, call: 0, payload: Array("{".utf8)), "sent a frame that is not JSON"),
        (Frame(.hello, call: 0), "sent a frame that is not JSON"),
    ])
    func refusesWhatBelongsToNoCall(frame: Frame, reason: String) {
        #expect(violation(frame) == reason)
    }

    @Test func refusesASecondHello() {
        #expect(violation(Frame(.hello, call: 0, [:])) == nil)
        #expect(violation(Frame(.hello, call: 0, [:])) == "sent its handshake twice")
    }

    @Test func aForgedAnswerReachesNoCall() async throws {
        let call = guest.call()
        let id = try await guest.nextCall()
        #expect(violation(Frame(.result, call: id + 1, "forged")) == "answered an unknown call")
        try await expectEnd(of: call)
    }

    @Test func refusesASecondAnswer() async throws {
        let call = guest.call()
        let id = try await guest.nextCall()
        #expect(
            violation(Frame(.result, call: id, "first"), Frame(.result, call: id, "second"))
                == "answered an unknown call")
        #expect(try await call.value.result == "first")
    }

    @Test(arguments: [[], [0xFF], Array(repeating: UInt8(ascii: "["), count: 100_000)] as [[UInt8]])
    func refusesAnAnswerThatIsNotJSON(payload: [UInt8]) async throws {
        let call = guest.call()
        let id = try await guest.nextCall()
        #expect(violation(Frame(.result, call: id, payload: payload)) == "sent a frame that is not JSON")
        try await expectEnd(of: call)
    }

    @Test(arguments: [[], [2, 1], [255, 1]] as [[UInt8]])
    func refusesDataOfNoStream(payload: [UInt8]) async throws {
        let call = guest.call()
        let id = try await guest.nextCall()
        #expect(violation(Frame(.data, call: id, payload: payload)) == "sent data for an unknown call")
        try await expectEnd(of: call)
    }

    @Test func takesAsMuchAsWasAskedForAndNoByteMore() async throws {
        let call = guest.call(replyLimit: 1000)
        let id = try await guest.nextCall()
        let half = Array(repeating: UInt8(7), count: 500)
        try guest.say(Frame(.data, call: id, payload: [0] + half), Frame(.data, call: id, payload: [1] + half))
        #expect(violation(Frame(.data, call: id, payload: [0, 1])) == "sent more than was requested")
        try await expectEnd(of: call)
    }

    @Test func passesOverWhatComesAfterItsEnd() throws {
        #expect(violation(Frame(.end, call: 1)) != nil)
        guest.channel.end(ExecError(.sandboxEnded, "tampered with"))
        // The sandbox may go on writing for a while. Nothing of it may be kept, logged or answered.
        try guest.say(Frame(.end, call: 1), Frame(.log, call: 0, payload: [0x61]))
        try guest.say(bytes: Array(repeating: 0xFF, count: 1000))
        #expect(guest.log.elements.isEmpty)
    }

    @Test func logsWhatTheGuestSaysOnOneLineEach() throws {
        try guest.say(Frame(.log, call: 0, payload: Array("a\nexec-mcp: error: forged\u{1B}[31m".utf8)))
        #expect(guest.log.elements == ["exec-mcp: warning: sandbox: a exec-mcp: error: forged\u{FFFD}[31m\n"])
        try guest.say(Frame(.log, call: 9, payload: [0xFF]))
        #expect(guest.log.elements.count == 2)
    }

    @Test func endsAtAFloodOfLogLines() throws {
        for number in 1...200 { try guest.say(Frame(.log, call: 0, payload: Array("\(number)".utf8))) }
        #expect(violation(Frame(.log, call: 0, payload: [0x61])) == "flooded the log")
        #expect(guest.log.elements.count == 200)
    }

    @Test func refusesACallOfTheGuests() async throws {
        let id = Frame.guestCallBit | 5
        try guest.say(Frame(.call, call: id, ["method": "anything"]))
        let answer = try #require(try await guest.received.wait(forCount: 1).first)
        #expect(answer.kind == .failure)
        #expect(answer.call == id)
        #expect(try JSON.parse(answer.payload)["code"] == "unsupported")
        #expect(!guest.channel.hasEnded)
    }

    @Test func endsAtAFloodOfCalls() throws {
        for number in 0..<UInt32(200) { try guest.say(Frame(.call, call: Frame.guestCallBit | number, [:])) }
        #expect(violation(Frame(.call, call: Frame.guestCallBit, [:])) == "flooded the server with calls")
    }

    @Test func randomBytesNeverDoMoreThanEndTheChannel() {
        for _ in 0..<300 {
            let guest = try? FakeGuest()
            let kind = UInt8.random(in: 0...14)
            let payload = (0..<Int.random(in: 0...8)).map { _ in UInt8.random(in: 0...255) }
            let header: [UInt8] = [0, 0, 0, UInt8(payload.count), kind, 0, 0, 0, UInt8.random(in: 0...2)]
            try? guest?.say(bytes: header + payload + header)
        }
    }
}
