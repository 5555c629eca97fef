import ExecCoreTestSupport
import JSON
import TestSupport
import Testing

@testable import ExecCore

@Suite(.timeLimit(.minutes(3))) struct ChannelCallTests {
    private let guest: FakeGuest

    init() throws {
        guest = try FakeGuest()
    }

    @Test func sendsACallAndBringsBackItsResult() async throws {
        let call = guest.call("execute", ["command": "ls"])
        let id = try await guest.nextCall()
        #expect(
            guest.received.elements == [Frame(.call, call: id, ["method": "execute", "params": ["command": "ls"]])])
        try guest.say(Frame(.result, call: id, ["exit_code": 0]))
        let reply = try await call.value
        #expect(reply.result == ["exit_code": 0])
        #expect(reply.streams == [[], []])
    }

    @Test func gathersEachStreamInOrder() async throws {
        let call = guest.call()
        let id = try await guest.nextCall()
        try guest.say(Frame(.data, call: id, payload: [0, 1, 2]), Frame(.data, call: id, payload: [1, 9]))
        try guest.say(Frame(.data, call: id, payload: [0]), Frame(.data, call: id, payload: [0, 3]))
        try guest.say(Frame(.result, call: id, .null))
        #expect(try await call.value.streams == [[1, 2, 3], [9]])
    }

    @Test func keepsManyCallsAtOnceApart() async throws {
        let calls = (0..<100).map { number in guest.call("m", .integer(number)) }
        let frames = try await guest.received.wait(forCount: 100)
        #expect(Set(frames.map(\.call)).count == 100)
        for frame in frames.reversed() {
            let number = try #require(try JSON.parse(frame.payload)["params"])
            try guest.say(Frame(.data, call: frame.call, payload: [0] + number.serialized()))
            try guest.say(Frame(.result, call: frame.call, number))
        }
        for (number, call) in calls.enumerated() {
            let reply = try await call.value
            #expect(reply.result == .integer(number))
            #expect(reply.streams[0] == Array("\(number)".utf8))
        }
    }

    @Test(arguments: [0, 1, 262_144, 262_145, 1_000_000])
    func sendsTheBodyInPiecesAndThenItsEnd(count: Int) async throws {
        let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 4) }
        let call = guest.call(body: body)
        let frames = try await guest.received.wait { $0.last?.kind == .end }
        let id = frames[0].call
        #expect(frames.map(\.kind) == [.call] + Array(repeating: .data, count: frames.count - 2) + [.end])
        #expect(frames.allSatisfy { $0.call == id && $0.payload.count <= Frame.maxPayload })
        #expect(frames[1..<(frames.count - 1)].allSatisfy { $0.payload.first == 0 })
        #expect(frames[1..<(frames.count - 1)].flatMap { $0.payload.dropFirst() } == body)
        try guest.say(Frame(.result, call: id, .null))
        _ = try await call.value
    }

    @Test(arguments: [
        ("busy", ExecError.Code.busy), ("timed_out", .timedOut), ("invalid", .invalidArgument), ("refused", .refused),
        ("not_found", .notFound),
        ("something new", .refused),
    ])
    func turnsAFailureIntoAnError(name: String, code: ExecError.Code) async throws {
        let call = guest.call()
        let id = try await guest.nextCall()
        try guest.say(Frame(.failure, call: id, ["code": .string(name), "message": "why"]))
        let error = await #expect(throws: ExecError.self) { try await call.value }
        #expect(error == ExecError(code, "why"))
    }

    @Test(arguments: [.null, [:], ["message": 1], "text", []] as [JSON])
    func makesDoWithAFailureThatSaysNothing(payload: JSON) async throws {
        let call = guest.call()
        try guest.say(Frame(.failure, call: try await guest.nextCall(), payload))
        let error = await #expect(throws: ExecError.self) { try await call.value }
        #expect(error?.code == .refused)
        #expect(error?.message.isEmpty == false)
    }

    @Test func tellsTheGuestOfACancellationAndWaitsForItsAnswer() async throws {
        let call = guest.call()
        let id = try await guest.nextCall()
        call.cancel()
        try await guest.received.wait(forCount: 2)
        #expect(guest.received.elements.last == Frame(.cancel, call: id))
        #expect(!guest.channel.hasEnded)
        try guest.say(Frame(.result, call: id, ["exit_code": 143]))
        #expect(try await call.value.result == ["exit_code": 143])
    }

    @Test func aCallOfACancelledTaskIsSentBeforeItsCancellation() async throws {
        let call = Task { [channel = guest.channel] in
            withUnsafeCurrentTask { $0?.cancel() }
            return try await channel.call("m", [:], seconds: 600, replyLimit: 0)
        }
        let frames = try await guest.received.wait(forCount: 2)
        #expect(frames.map(\.kind) == [.call, .cancel])
        #expect(frames[0].call == frames[1].call)
        try guest.say(Frame(.result, call: frames[0].call, .null))
        _ = try await call.value
    }

    @Test func bringsTheGreetingBeforeAndAfterItComes() async throws {
        async let early = guest.channel.handshake()
        #expect(!guest.channel.hasGreeted)
        try guest.say(Frame(.hello, call: 0, ["shell": true]))
        #expect(try await early == ["shell": true])
        #expect(try await guest.channel.handshake() == ["shell": true])
        #expect(guest.channel.hasGreeted)
    }

    @Test func itsEndEndsEveryCallAndTheGreeting() async throws {
        let handshake = Task { try await guest.channel.handshake() }
        let calls = (0..<20).map { _ in guest.call() }
        try await guest.received.wait(forCount: 20)
        let reason = ExecError(.sandboxEnded, "gone")
        guest.channel.end(reason)
        for call in calls { await #expect(throws: reason) { try await call.value } }
        await #expect(throws: reason) { try await handshake.value }
        #expect(guest.channel.hasEnded)
    }

    @Test func refusesCallsAfterItsEndWithTheFirstReason() async throws {
        guest.channel.end(ExecError(.sandboxEnded, "first"))
        guest.channel.end(ExecError(.engineFailed, "second"))
        let call = guest.call()
        await #expect(throws: ExecError(.sandboxEnded, "first")) { try await call.value }
        await #expect(throws: ExecError(.sandboxEnded, "first")) { try await guest.channel.handshake() }
        #expect(guest.received.elements.isEmpty)
    }

    @Test func noticesACallWhoseTimeHasPassed() async throws {
        let call = guest.call()
        let id = try await guest.nextCall()
        #expect(!guest.channel.hasOverdueCall(at: .now))
        #expect(guest.channel.hasOverdueCall(at: .now + .seconds(601)))
        try guest.say(Frame(.result, call: id, .null))
        _ = try await call.value
        #expect(!guest.channel.hasOverdueCall(at: .now + .seconds(601)))
    }

    @Test(arguments: [
        ("command", CallSize.commandLimit - 2, "x"), ("command", CallSize.commandLimit / 2 - 2, "\n"),
        ("command", CallSize.commandLimit / 6 - 2, "\u{1}"), ("file_path", CallSize.argumentLimit, "x"),
        ("function_name", CallSize.argumentLimit, "\u{1}"),
    ])
    func sendsAnArgumentUpToItsLimitInOneFrame(name: String, count: Int, character: String) async throws {
        let call = guest.call("execute", [name: .string(String(repeating: character, count: count)), "timeout": 600.5])
        let id = try await guest.nextCall()
        #expect(guest.received.elements[0].payload.count <= Frame.maxPayload)
        try guest.say(Frame(.result, call: id, .null))
        _ = try await call.value
    }

    @Test(arguments: [
        ("command", CallSize.commandLimit + 1, "x", "write_file"), ("command", 2_000_000, "x", "write_file"),
        ("command", CallSize.commandLimit / 2 + 1, "\n", "write_file"),
        ("command", CallSize.commandLimit / 6 + 1, "\u{1}", "write_file"),
        ("file_path", CallSize.argumentLimit + 1, "x", "65536"), ("file_path", 2_000_000, "x", "65536"),
        ("function_name", 2_000_000, "é", "65536"), ("name", 2_000_000, "x", "65536"),
    ])
    func refusesAnArgumentOverItsLimitAndServesTheNext(
        name: String, count: Int, character: String, part: String
    ) async throws {
        let long = String(repeating: character, count: count)
        let error = await #expect(throws: ExecError.self) {
            try await guest.call("execute", [name: .string(long), "timeout": 1]).value
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.hasPrefix("\(name) has \(long.utf8.count) bytes") == true)
        #expect(error?.message.contains(part) == true)
        #expect(guest.received.elements.isEmpty)
        let call = guest.call()
        try guest.say(Frame(.result, call: try await guest.nextCall(), 7))
        #expect(try await call.value.result == 7)
    }
}
