import BridgeModules
import ExecCore
import Foundation
import JSON
import MCPServers
import TestSupport
import Testing
import Threading

@testable import Bridge
@testable import Diagnostics

/// What one user, one client or one server does to others.
@Suite(.timeLimit(.minutes(3))) struct FairnessTests {
    @Test func oneUsersFloodLeavesTurnsOfASharedServerToOthers() async throws {
        let entry = Harness.open(Script.usual, ["shared": true])
        try await Harness.with([entry]) { harness in
            // More than a server works on at once.
            for command in 1...4 as ClosedRange<UInt32> {
                harness.session.beginCommand(command, BridgedCommand(holdClock: { _ in }))
                let client = try harness.connect(command)
                for id in 1...8 { try await client.request(.integer(id), "call", ["server": "fake", "tool": "slow"]) }
            }
            try await harness.log.wait { $0.count { $0.contains("says: called slow") } == 12 }
            let bob = try #require(UserID("bob"))
            let other = try harness.connect(as: bob)
            for id in 1...5 { #expect(try await other.tool("echo", id: id)["result"] != nil) }
            #expect(harness.log.elements.count { $0.contains("says: called slow") } == 12)
        }
    }

    @Test func readersCountAmongTheTurnsOfAServer() async throws {
        let script = """
            say("started")
            def handle(message):
                if message.get("method") == "tools/list": answer(message, {"tools": []})
                elif message.get("method") == "resources/read": say("reading")
                elif "id" in message: refuse(message)
            serve(handle)
            """
        try await Harness.with([Harness.open(script)]) { harness in
            for command in 1...3 as ClosedRange<UInt32> {
                harness.session.beginCommand(command, BridgedCommand(holdClock: { _ in }))
                let client = try harness.connect(command)
                for id in 1...8 { try await client.request(.integer(id), "read", ["server": "fake", "uri": "x"]) }
            }
            try await harness.log.wait { $0.count { $0.contains("says: reading") } == 12 }
            for command in 1...3 as ClosedRange<UInt32> { _ = await harness.session.endCommand(command) }
        }
    }

    @Test func theIdlestConnectionEndsWhenTooMuchIsUnread() {
        let unread = UnreadAnswers(limit: 100)
        let ended = Recorder<String>()
        let clients = (0..<3).map { _ in NSObject() }
        let start = ContinuousClock.now
        func add(_ count: Int, _ client: Int, after seconds: Int) {
            unread.add(count, to: ObjectIdentifier(clients[client]), at: start + .seconds(seconds)) {
                ended.record("\(client)")
            }
        }
        add(40, 0, after: 0)
        add(40, 1, after: 1)
        unread.noteReading(of: ObjectIdentifier(clients[0]), at: start + .seconds(2))
        add(20, 0, after: 3)
        #expect(unread.bytes == 100)
        #expect(ended.elements.isEmpty)
        add(1, 2, after: 4)
        #expect(ended.elements == ["1"])
        #expect(unread.bytes == 61)
        unread.remove(40, from: ObjectIdentifier(clients[1]))
        #expect(unread.bytes == 61, "it is no longer counted")
        unread.remove(40, from: ObjectIdentifier(clients[0]))
        unread.remove(20, from: ObjectIdentifier(clients[0]))
        #expect(unread.bytes == 1)
        add(200, 2, after: 5)
        #expect(ended.elements == ["1", "2"], "no answer is larger than the limit")
        #expect(unread.bytes == 0, "no answer is larger than the limit")
    }

    @Test func clientsThatNeverReadHoldLittleAndOthersGoOn() async throws {
        let limit = 4_000_000
        try await Harness.with([Harness.open(Script.usual)], maxUnreadBytes: limit) { harness in
            let unread = try #require(harness.session as? BridgeSession).unread
            var deaf: [Client] = []
            for number in 1...8 {
                // Each of a command of its own, since those of one command have turns.
                harness.session.beginCommand(UInt32(number), BridgedCommand(holdClock: { _ in }))
                let client = try harness.connect(UInt32(number))
                client.isReading.withLock { $0 = false }
                let arguments: JSON = ["count": 900_000]
                try await client.request(1, "call", ["server": "fake", "tool": "large", "arguments": arguments])
                try await eventually { unread.bytes > min(number, 4) * 900_000 }
                #expect(unread.bytes <= limit)
                deaf.append(client)
            }
            // The first ones were ended to make room; the last ones wait.
            #expect(try await deaf[0].ending.wait(forCount: 1) == [.result])
            #expect(try await deaf[3].ending.wait(forCount: 1) == [.result])
            #expect(deaf[7].ending.elements.isEmpty)
            #expect(try await harness.connect().tool("echo")["result"] != nil)
        }
    }

    @Test func backgroundProcessesThatReadNothingLeaveTurnsToOthers() async throws {
        // Only the time that an unread answer keeps its turn is short.
        let clock = MonotonicClock(now: MonotonicClock.system.now) { seconds in
            try await Task.sleep(for: .seconds(seconds == RequestLimits.unreadTurnSeconds ? 0.05 : seconds))
        }
        try await Harness.with([Harness.open(Script.usual)], clock: clock) { harness in
            let unread = try #require(harness.session as? BridgeSession).unread
            for count in 1...2 {
                let client = try harness.connect()
                client.isReading.withLock { $0 = false }
                for id in 1...4 {
                    let arguments: JSON = ["count": 900_000]
                    try await client.request(
                        .integer(id), "call", ["server": "fake", "tool": "large", "arguments": arguments])
                }
                try await eventually { unread.bytes > count * 4 * 850_000 }
            }
            // All turns of background processes are taken.
            #expect(try await harness.connect().tool("echo")["result"] != nil)
        }
    }

    @Test func manyCallsThatWaitForTheRateCostNoMoreThanOne() async throws {
        let sleepers = Locked((now: 0, most: 0))
        let clock = MonotonicClock(now: MonotonicClock.system.now) { seconds in
            sleepers.withLock { sleepers in
                sleepers.now += 1
                sleepers.most = max(sleepers.most, sleepers.now)
            }
            defer { sleepers.withLock { $0.now -= 1 } }
            try await Task.sleep(for: .seconds(seconds))
        }
        let calls = CommandCalls(of: 7, approvals: UserApprovals(of: Harness.user, in: nil, clock: clock), clock: clock)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<140 {
                group.addTask { try await calls.waitForRate() }
                if number % 10 == 0 {
                    // It gives its place back.
                    let cancelled = Task { try await calls.waitForRate() }
                    cancelled.cancel()
                }
            }
            try await group.waitForAll()
        }
        #expect(sleepers.withLock { $0.most } == 1)
    }

    @Test func aServerThatIsSlowToListIsThereLater() async throws {
        ignoreBrokenPipes()
        let directory = try TemporaryDirectory()
        let script = """
            while not os.path.exists("\(directory.path)/go"): time.sleep(0.01)

            """ + Script.usual
        let logger = Logger(program: "exec-mcp", level: .error)
        let server = BridgeServer(
            Harness.open("import time\n" + script), module: "fake", of: "ann", environment: ["PATH": "/usr/bin:/bin"],
            cache: nil, logger: logger)
        let catalog = UserCatalog([server], of: "ann", listingTimeout: 0.1, logger: logger)
        await catalog.waitForTools()
        let first = catalog.moduleVersions
        #expect(server.isStarting)
        #expect(PromptSection(catalog.modules).text?.contains("fake (still starting)") == true)
        let source = String(decoding: catalog.moduleFiles.last?.content ?? [], as: UTF8.self)
        #expect(source.contains("Its tools are not known yet."))
        try "".write(toFile: "\(directory.path)/go", atomically: true, encoding: .utf8)
        try await eventually { catalog.moduleVersions != first }
        #expect(catalog.modules.first?.functions.count == 7)
        #expect(!server.isStarting)
        await server.close()
    }

    @Test func aServerThatFailsToListIsNotStarting() async throws {
        let logger = Logger(program: "exec-mcp", level: .error)
        let server = BridgeServer(
            Harness.open("os._exit(3)"), module: "fake", of: "ann", environment: ["PATH": "/usr/bin:/bin"], cache: nil,
            logger: logger)
        let catalog = UserCatalog([server], of: "ann", listingTimeout: 60, logger: logger)
        await catalog.waitForTools()
        let version = catalog.moduleVersions
        #expect(catalog.modules.first?.isStarting == false)
        await catalog.waitForTools()
        #expect(catalog.moduleVersions == version, "nothing is installed again for another failure")
        await server.close()
    }
}
