import Diagnostics
import JSON
import TestSupport
import Testing
import Threading

@testable import ExecCore

@Suite(.timeLimit(.minutes(3))) struct EgressRelayTests {
    private static let id = Frame.guestCallBit | 1
    private let sent = Recorder<Frame>()
    private let log = Recorder<String>()
    private let clock = Locked(ContinuousClock.now)

    /// A way out to one host, `host.example:PORT`, which is a listener of this test, as the channel has it.
    private func relay(
        port: UInt16 = 443, to addresses: [String] = ["127.0.0.1"],
        isOpen: @escaping @Sendable (IPAddress) -> Bool = { _ in true }
    ) throws -> GuestCallRouter {
        let host = try #require(AllowedHost("host.example:\(port)"))
        let places = addresses.compactMap { IPAddress($0) }
        let relay = EgressRelay(
            policy: EgressPolicy(hosts: [host], isOpen: isOpen) { _ in places }, sandbox: "box",
            logger: Logger(program: "exec-mcp", level: .debug) { [log] in log.record($0) },
            now: { [clock] in clock.withLock { $0 } }
        ) { [sent] in sent.record($0) }
        return router(relay)
    }

    private func router(_ relay: EgressRelay) -> GuestCallRouter {
        GuestCallRouter(handlers: [.connect: relay]) { [sent] in sent.record($0) }
    }

    private static func call(_ host: String, _ port: Int, id: UInt32 = id) -> Frame {
        Frame(
            .call, call: id, ["method": "connect", "params": ["host": .string(host), "port": .integer(port)]])
    }

    private static func window(_ count: UInt32, id: UInt32 = id) -> Frame {
        Frame(.window, call: id, payload: withUnsafeBytes(of: count.bigEndian) { Array($0) })
    }

    private func ending() async throws -> Frame {
        let frames = try await sent.wait { $0.contains { [.result, .failure].contains($0.kind) } }
        return try #require(frames.first { [.result, .failure].contains($0.kind) })
    }

    @Test func bytesGoBothWaysInOrderWithinTheWindows() async throws {
        let server = try EchoServer()
        let relay = try relay(port: server.port)
        try relay.receive(Self.call("HOST.example", Int(server.port)))
        #expect(try await sent.wait(forCount: 1).first == Self.window(UInt32(EgressConnection.window)))
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 256 ^ $0) }
        var room = EgressConnection.window
        var rest = bytes[...]
        var told = 1
        var back: [UInt8] = []
        while back.count < bytes.count {
            let piece = rest.prefix(min(room, 50_000))
            if !piece.isEmpty { try relay.receive(Frame(.data, call: Self.id, payload: [0] + piece)) }
            rest = rest.dropFirst(piece.count)
            room -= piece.count
            let seen = told
            let frames = try await sent.wait { $0.count > seen }
            for frame in frames[told...] {
                switch frame.kind {
                case .window: room += Int(frame.payload.reduce(0) { $0 << 8 | UInt32($1) })
                case .data:
                    back += frame.payload.dropFirst()
                    try relay.receive(Self.window(UInt32(frame.payload.count - 1)))
                default: Issue.record("\(frame.kind)")
                }
            }
            told = frames.count
        }
        #expect(back == bytes)
        try relay.receive(Frame(.end, call: Self.id))
        #expect(try await ending().kind == .result)
        #expect(sent.elements.contains(Frame(.end, call: Self.id)))
        #expect(log.elements.contains { $0.contains("box connected to host.example:\(server.port) (127.0.0.1)") })
    }

    @Test func theHostIsHeldBackUntilTheGuestTakesMore() async throws {
        let server = try EchoServer(handshake: Array(repeating: 7, count: 1_000_000))
        let relay = try relay(port: server.port)
        try relay.receive(Self.call("host.example", Int(server.port)))
        func received() -> Int { sent.elements.filter { $0.kind == .data }.reduce(0) { $0 + $1.payload.count - 1 } }
        func wait(for count: Int) async throws {
            try await sent.wait { $0.filter { $0.kind == .data }.reduce(0) { $0 + $1.payload.count - 1 } >= count }
        }
        try await wait(for: EgressConnection.window)
        #expect(received() == EgressConnection.window)
        try relay.receive(Self.window(1000))
        try await wait(for: EgressConnection.window + 1000)
        #expect(received() == EgressConnection.window + 1000)
        try relay.receive(Frame(.cancel, call: Self.id))
        #expect(try await ending().kind == .failure)
    }

    @Test(arguments: [("evil.example", 443), ("host.example", 80), ("host.example.", 443), ("", 443)])
    func whatIsNotAllowedIsRefused(name: String, port: Int) async throws {
        let relay = try relay(isOpen: { _ in
            Issue.record("it was looked up")
            return false
        })
        try relay.receive(Self.call(name, port))
        let answer = try await ending()
        #expect(answer.kind == .failure)
        #expect(try JSON.parse(answer.payload)["code"] == "refused")
        #expect(log.elements.contains { $0.contains("warning") && $0.contains("allowed: host.example:443.") })
    }

    @Test func anAddressThatIsNotOpenIsNotConnectedTo() async throws {
        let server = try EchoServer()
        let relay = try relay(port: server.port, isOpen: \.isPublic)
        try relay.receive(Self.call("host.example", Int(server.port)))
        let answer = try await ending()
        #expect(try JSON.parse(answer.payload)["message"]?.stringValue?.contains("no public address") == true)
        #expect(server.visits.elements.isEmpty)
    }

    @Test func theNextAddressIsTriedWhereOneDoesNotAnswer() async throws {
        let server = try EchoServer()
        let relay = try relay(port: server.port, to: ["127.9.9.9", "127.0.0.1"])
        try relay.receive(Self.call("host.example", Int(server.port)))
        #expect(try await sent.wait(forCount: 1).first?.kind == .window)
        relay.end()
    }

    @Test func aHostThatDoesNotAnswerIsUnreachable() async throws {
        let port = try EchoServer.closedPort()
        let relay = try relay(port: port)
        try relay.receive(Self.call("host.example", Int(port)))
        let answer = try await ending()
        #expect(try JSON.parse(answer.payload)["code"] == "unreachable")
    }

    @Test func theEndOfTheSandboxBreaksItsConnections() async throws {
        let server = try EchoServer()
        let relay = try relay(port: server.port)
        try relay.receive(Self.call("host.example", Int(server.port)))
        try await sent.wait(forCount: 1)
        relay.end()
        try await server.ends.wait(forCount: 1)
        #expect(try await ending().kind == .failure)
    }

    @Test func whatNoGuestOfOursSendsIsAViolation() async throws {
        let server = try EchoServer()
        let relay = try relay(port: server.port)
        #expect(throws: ChannelError.self) { try relay.receive(Frame(.data, call: Self.id, payload: [0, 1])) }
        #expect(throws: ChannelError.self) { try relay.receive(Frame(.call, call: Self.id, ["method": "connect"])) }
        #expect(throws: ChannelError.self) { try relay.receive(Frame(.call, call: Self.id, payload: [1, 2])) }
        try relay.receive(Self.call("host.example", Int(server.port)))
        #expect(throws: ChannelError.self) { try relay.receive(Self.call("host.example", 443)) }
        try await sent.wait(forCount: 1)
        let tooMuch = Frame(.data, call: Self.id, payload: Array(repeating: 0, count: EgressConnection.window + 2))
        #expect(throws: ChannelError.self) { try relay.receive(tooMuch) }
        #expect(throws: ChannelError.self) { try relay.receive(Self.window(.max)) }
        #expect(throws: ChannelError.self) { try relay.receive(Frame(.window, call: Self.id, payload: [1])) }
        #expect(throws: ChannelError.self) { try relay.receive(Frame(.hello, call: Self.id, [:])) }
        relay.end()
    }

    @Test func aFloodOfCallsIsRefusedAndMoreThanThereArePlacesIsAViolation() async throws {
        let isHeld = ConditionLocked(true)
        let host = try #require(AllowedHost("host.example:443"))
        let relay = router(
            EgressRelay(
                policy: EgressPolicy(hosts: [host]), sandbox: "box",
                logger: Logger(program: "exec-mcp", level: .error) { _ in }
            ) { [sent] frame in
                isHeld.wait { $0 ? nil : () }
                sent.record(frame)
            })
        for number in 1...UInt32(EgressRelay.maxConnections) {
            try relay.receive(Self.call("evil.example", 443, id: Frame.guestCallBit | number))
        }
        #expect(throws: ChannelError.self) {
            try relay.receive(Self.call("evil.example", 443, id: Frame.guestCallBit | 1000))
        }
        isHeld.change { $0 = false }
        try await sent.wait(forCount: EgressRelay.maxConnections)
    }

    @Test func framesOfAConnectionThatHasEndedArePassedOver() async throws {
        let relay = try relay()
        try relay.receive(Self.call("evil.example", 443))
        _ = try await ending()
        // Its place may not be free yet: either way nothing happens.
        for frame in [Frame(.end, call: Self.id), Frame(.cancel, call: Self.id)] { try relay.receive(frame) }
    }
}
