import ExecCore
import JSON
import TestSupport
import Testing
import Threading

@testable import Bridge

/// What requests of a sandbox may use until they are answered.
@Suite(.timeLimit(.minutes(3))) struct RequestMemoryTests {
    private static let never: @Sendable () -> Bool = { false }

    /// Starts a thread that waits for memory, and returns what it gets.
    private static func use(
        _ bytes: Int, of memory: RequestMemory, unless isCancelled: @escaping @Sendable () -> Bool = never
    ) throws -> Recorder<Int?> {
        let used = Recorder<Int?>()
        try BackgroundThread.start { used.record(memory.use(bytes, unless: isCancelled)) }
        return used
    }

    @Test func requestsWaitInTheirOrderUntilThereIsMemory() async throws {
        let memory = RequestMemory(limit: 100)
        #expect(memory.use(60, unless: Self.never) == 60)
        let large = try Self.use(90, of: memory)
        try await eventually { memory.waiterCount == 1 }
        let small = try Self.use(10, of: memory)
        try await eventually { memory.waiterCount == 2 }
        #expect(small.elements.isEmpty, "it would fit, but another has waited longer")
        memory.free(60)
        #expect(try await large.wait(forCount: 1) == [90])
        #expect(try await small.wait(forCount: 1) == [10])
        #expect(memory.bytes == 100)
    }

    @Test func aRequestLargerThanAllMemoryRunsAlone() async throws {
        let memory = RequestMemory(limit: 100)
        #expect(memory.use(1, unless: Self.never) == 1)
        let huge = try Self.use(1000, of: memory)
        try await eventually { memory.waiterCount == 1 }
        memory.free(1)
        #expect(try await huge.wait(forCount: 1) == [100])
    }

    @Test func whoIsCancelledGivesUpAndStopsNobody() async throws {
        let memory = RequestMemory(limit: 100)
        #expect(memory.use(100, unless: Self.never) == 100)
        let isCancelled = Locked(false)
        let first = try Self.use(50, of: memory) { isCancelled.withLock { $0 } }
        try await eventually { memory.waiterCount == 1 }
        let second = try Self.use(50, of: memory)
        isCancelled.withLock { $0 = true }
        memory.wake()
        #expect(try await first.wait(forCount: 1) == [nil])
        memory.free(100)
        #expect(try await second.wait(forCount: 1) == [50])
    }

    @Test(arguments: [
        ("{}", 100), ("[0,0,0]", 14 + 96 + 96), (#"{"a":"[{,:\"[,"}"#, 32 + 96 + 64), ("", 0),
    ])
    func valuesCountWithWhatTheyNeed(line: String, size: Int) {
        #expect(RequestMemory.size(of: Array(line.utf8)) == size)
    }

    @Test func fewLongLinesAreReadAtOnceAndSlowOnesEnd() async throws {
        let memory = RequestMemory(limit: 100, longLineSeconds: 0.05)
        let connections = (0...RequestLimits.longLines).map { _ in Recorder<Int>() }
        let ended = Recorder<Int>()
        for (number, connection) in connections.enumerated() {
            let mayRead = memory.beginLongLine(of: ObjectIdentifier(connection), unless: Self.never) {
                ended.record(number)
                memory.endLongLine(of: ObjectIdentifier(connection))
            }
            #expect(mayRead)
        }
        // The last one had to wait until the others were ended.
        #expect(ended.elements.contains(0))
        #expect(!ended.elements.contains(RequestLimits.longLines))
        let isCancelled = memory.beginLongLine(of: ObjectIdentifier(memory), unless: { true }, orEnd: {})
        #expect(!isCancelled)
    }

    // MARK: - Connections

    /// A call whose arguments need many times the space of their text.
    private static func line(_ id: Int, values: Int) -> [UInt8] {
        let values = String(repeating: "0,", count: values - 1)
        let params = #"{"server":"fake","tool":"echo","arguments":{"x":[\#(values)0]}}"#
        return Array("{\"id\":\(id),\"method\":\"call\",\"params\":\(params)}\n".utf8)
    }

    @Test func aConnectionStopsReadingWhenItsRequestsUseTooMuchAndGoesOnLater() async throws {
        try await Harness.with([Harness.open(Script.usual)], maxRequestBytes: 2_000_000) { harness in
            harness.session.beginCommand(7, BridgedCommand(holdClock: { _ in }))
            let first = try harness.connect(7)
            for id in 1...8 { try await first.request(.integer(id), "call", ["server": "fake", "tool": "slow"]) }
            try await harness.log.wait { $0.count { $0.contains("says: called slow") } == 8 }
            let memory = try #require(harness.session as? BridgeSession).memory
            let second = try harness.connect(7)
            // About a megabyte each, of which two fit. All of them wait for a turn.
            let sending = Task {
                for id in 11...20 { try await second.send(Self.line(id, values: 20_000)) }
            }
            try await eventually { memory.waiterCount == 1 }
            #expect(memory.bytes > 1_000_000)
            #expect(memory.bytes <= 2_000_000)
            let other = try harness.connect()
            #expect(try await other.tool("echo")["result"] != nil, "small requests of others go on")
            for id in 1...8 { try await first.send(line: ["method": "cancel", "params": ["id": .integer(id)]]) }
            try await sending.value
            let answers = try await second.answers.wait(forCount: 10)
            #expect(Set(answers.compactMap { $0["id"]?.integerValue }) == Set(11...20))
            #expect(answers.allSatisfy { $0["result"] != nil })
            try await eventually { memory.bytes == 0 }
        }
    }

    @Test func aConnectionThatWaitsForMemoryCanBeCancelled() async throws {
        try await Harness.with([Harness.open(Script.usual)], maxRequestBytes: 2_000_000) { harness in
            harness.session.beginCommand(7, BridgedCommand(holdClock: { _ in }))
            let memory = try #require(harness.session as? BridgeSession).memory
            let client = try harness.connect(7)
            for id in 1...8 { try await client.request(.integer(id), "call", ["server": "fake", "tool": "slow"]) }
            for id in 11...13 { try await client.send(Self.line(id, values: 20_000)) }
            try await eventually { memory.waiterCount == 1 }
            client.cancel()
            #expect(try await client.ending.wait(forCount: 1) == [.result])
            try await eventually { memory.bytes == 0 && memory.waiterCount == 0 }
        }
    }

    @Test func unfinishedLinesOfManyConnectionsAreNotAllRead() async throws {
        try await Harness.with([]) { harness in
            // Longer than a busy machine needs.
            let memory = RequestMemory(limit: 1 << 20, longLineSeconds: 600)
            let unread = UnreadAnswers(limit: 1 << 20)
            let start = Array(#"{"id": 1, "method": ""#.utf8) + [UInt8](repeating: 0x78, count: 200_000)
            let clients = try (0..<8).map { _ in
                try harness.connect { stream in
                    BridgeConnection(stream, unread: unread, memory: memory) {
                        BridgeConnection.Reply(line: $0.success([:]))
                    }
                }
            }
            let sent = Recorder<Int>()
            let sending = clients.enumerated().map { number, client in
                Task {
                    try await client.send(start)
                    sent.record(number)
                }
            }
            try await sent.wait(forCount: RequestLimits.longLines)
            try await eventually { memory.waiterCount == 8 - RequestLimits.longLines }
            #expect(sent.elements.count == RequestLimits.longLines)
            // A line that is complete makes room for another.
            for number in sent.elements { try await clients[number].send(Array("\"}\n".utf8)) }
            for task in sending { try await task.value }
            for client in clients { client.cancel() }
        }
    }
}
