import ExecCoreTestSupport
import JSON
import TestSupport
import Testing
import Threading

@testable import ExecCore

/// Calls that the guest starts: each reaches the handler of its method, and nothing else does.
@Suite(.timeLimit(.minutes(3))) struct GuestCallRouterTests {
    /// A call that does what it is told until it is ended.
    private final class Call: GuestCall {
        let id: UInt32
        let parameters: JSON
        let seen = Recorder<String>()
        private let isOver = ConditionLocked(false)
        private let answer: @Sendable (UInt32) -> Void

        init(id: UInt32, parameters: JSON, answer: @escaping @Sendable (UInt32) -> Void) {
            self.id = id
            self.parameters = parameters
            self.answer = answer
        }

        func serve() {
            isOver.wait { $0 ? () : nil }
            answer(id)
        }

        func receive(_ bytes: ArraySlice<UInt8>) { seen.record(String(decoding: bytes, as: UTF8.self)) }
        func grant(_ count: UInt32) { seen.record("+\(count)") }
        func endOfInput() { seen.record("end") }

        func cancel() {
            seen.record("cancel")
            isOver.change { $0 = true }
        }
    }

    private final class Handler: GuestCallHandler {
        let maxOpenCalls: Int
        let opened = Recorder<Call>()
        let answered = Recorder<UInt32>()

        init(maxOpenCalls: Int = 4) { self.maxOpenCalls = maxOpenCalls }

        func open(_ parameters: JSON, id: UInt32) throws(ChannelError) -> any GuestCall {
            guard parameters != "bad" else { throw ChannelError(reason: "asked for nonsense") }
            let call = Call(id: id, parameters: parameters) { [answered] in answered.record($0) }
            opened.record(call)
            return call
        }
    }

    private let handler = Handler()
    private let refused = Recorder<Frame>()

    private func router(_ handler: Handler) -> GuestCallRouter {
        GuestCallRouter(handlers: [.connect: handler]) { [refused] in refused.record($0) }
    }

    private static func id(_ number: UInt32) -> UInt32 { Frame.guestCallBit | number }

    private static func call(_ number: UInt32, _ method: String = "connect", _ params: JSON = [:]) -> Frame {
        Frame(.call, call: id(number), ["method": .string(method), "params": params])
    }

    private func violation(_ router: GuestCallRouter, _ frame: Frame) -> String? {
        do {
            try router.receive(frame)
            return nil
        } catch {
            return error.reason
        }
    }

    @Test func eachFrameReachesTheCallThatItIsOf() throws {
        let router = router(handler)
        try router.receive(Self.call(1, "connect", ["to": "one"]))
        try router.receive(Self.call(2, "connect", ["to": "two"]))
        try router.receive(Frame(.data, call: Self.id(2), payload: [0] + Array("hello".utf8)))
        try router.receive(Frame(.window, call: Self.id(1), payload: [0, 0, 1, 2]))
        try router.receive(Frame(.end, call: Self.id(2)))
        let calls = handler.opened.elements
        #expect(calls.map(\.parameters) == [["to": "one"], ["to": "two"]])
        #expect(calls.map(\.seen.elements) == [["+258"], ["hello", "end"]])
        router.end()
        #expect(calls.map(\.seen.elements.last) == ["cancel", "cancel"])
    }

    @Test(arguments: ["execute", "bridge", "", "Connect"])
    func anUnknownMethodIsRefusedAndTheOthersGoOn(method: String) throws {
        let router = router(handler)
        try router.receive(Self.call(1, method))
        let answer = try #require(refused.elements.first)
        #expect(answer.kind == .failure)
        #expect(answer.call == Self.id(1))
        #expect(try JSON.parse(answer.payload)["code"] == "unsupported")
        // Those that the guest sent before it heard of that.
        try router.receive(Frame(.cancel, call: Self.id(1)))
        try router.receive(Self.call(2))
        #expect(handler.opened.elements.map(\.id) == [Self.id(2)])
        router.end()
    }

    @Test func aCallWithoutAMethodIsRefused() throws {
        let requests: [JSON] = [[:], [], .null, ["method": 1], ["method": .null]]
        for request in requests { try router(handler).receive(Frame(.call, call: Self.id(1), request)) }
        #expect(refused.elements.count == 5)
    }

    @Test func aFloodOfUnknownCallsIsAViolation() throws {
        let router = router(handler)
        for number in 1...UInt32(200) { try router.receive(Self.call(number, "other")) }
        #expect(violation(router, Self.call(201, "other")) == "flooded the server with calls")
    }

    @Test func whatNoGuestOfOursSendsIsAViolation() throws {
        let router = router(handler)
        let before: [(Frame, String)] = [
            (Frame(.data, call: Self.id(1), payload: [0]), "sent data for an unknown call"),
            (Frame(.cancel, call: Self.id(1)), "sent a frame of a call that it did not start"),
            (Frame(.result, call: Self.id(1), [:]), "answered an unknown call"),
            (Frame(.hello, call: Self.id(1), [:]), "sent a frame that does not belong to a call"),
            (Frame(.call, call: Self.id(1), payload: [0xFF]), "sent a frame that is not JSON"),
            (Self.call(1, "connect", "bad"), "asked for nonsense"),
        ]
        for (frame, reason) in before { #expect(violation(router, frame) == reason) }
        try router.receive(Self.call(5))
        let after: [(Frame, String)] = [
            (Self.call(5), "reused the id of a call"), (Self.call(4), "reused the id of a call"),
            (Frame(.window, call: Self.id(5), payload: [1]), "sent an invalid window"),
            (Frame(.end, call: Self.id(6)), "sent a frame of a call that it did not start"),
        ]
        for (frame, reason) in after { #expect(violation(router, frame) == reason) }
        router.end()
    }

    @Test func aPlaceIsFreeAgainWhenACallIsAnswered() async throws {
        let handler = Handler(maxOpenCalls: 2)
        let router = router(handler)
        for number in 1...UInt32(2) { try router.receive(Self.call(number)) }
        #expect(violation(router, Self.call(3)) == "started too many calls")
        try router.receive(Frame(.cancel, call: Self.id(1)))
        try await handler.answered.wait(forCount: 1)
        // Its place is booked as free just after the answer.
        try await eventually { violation(router, Self.call(UInt32(handler.opened.elements.count) + 10)) == nil }
        router.end()
    }

    @Test func afterItsEndNothingBegins() async throws {
        let router = router(handler)
        try router.receive(Self.call(1))
        router.end()
        try await handler.answered.wait(forCount: 1)
        try router.receive(Self.call(2))
        #expect(handler.opened.elements.last?.seen.elements == [])
        #expect(handler.answered.elements == [Self.id(1)])
    }

    @Test func callsOfAChannelEndWithIt() async throws {
        let guest = try FakeGuest(guestCalls: [.connect: handler])
        try guest.say(Self.call(1), Frame(.data, call: Self.id(1), payload: [0, 0x61]))
        #expect(handler.opened.elements.first?.seen.elements == ["a"])
        guest.channel.end(ExecError(.sandboxEnded, "gone"))
        #expect(try await handler.answered.wait(forCount: 1) == [Self.id(1)])
    }
}
