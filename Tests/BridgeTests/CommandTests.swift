import ExecCore
import JSON
import TestSupport
import Testing
import Threading

@testable import Bridge

/// The calls of one command: limits, its clock, its end, and what is said of them.
@Suite(.timeLimit(.minutes(3))) struct CommandTests {
    private let clock = Recorder<Bool>()
    private let progress = Recorder<String>()

    private func begin(_ command: UInt32, _ harness: Harness) {
        harness.session.beginCommand(
            command, BridgedCommand(holdClock: clock.record, onProgress: progress.record))
    }

    @Test func theCommandIsToldOfItsCalls() async throws {
        let calls = Recorder<BridgedCall>()
        try await Harness.with([Harness.open(Script.usual, name: "fake")]) { harness in
            harness.session.beginCommand(7, BridgedCommand(holdClock: clock.record, onCall: calls.record))
            let client = try harness.connect(7)
            _ = try await client.tool("echo", id: 1)
            _ = try await client.tool("fail", id: 2)
            _ = await harness.session.endCommand(7)
        }
        #expect(calls.elements.map(\.server) == ["fake", "fake"])
        #expect(calls.elements.map(\.tool) == ["echo", "fail"])
        #expect(calls.elements.map(\.isOK) == [true, false])
        #expect(calls.elements.allSatisfy { $0.seconds >= 0 })
    }

    @Test func theNoteCountsCallsByServer() async throws {
        let entries = [Harness.open(Script.usual, name: "fake"), Harness.open(Script.usual, name: "git")]
        try await Harness.with(entries) { harness in
            begin(7, harness)
            let client = try harness.connect(7)
            for id in 1...3 { _ = try await client.tool("echo", id: id) }
            _ = try await client.tool("fail", id: 4)
            _ = try await client.ask("call", ["server": "git", "tool": "pid"], id: 5)
            #expect(await harness.session.endCommand(7) == "[tools: 5 calls, fake 4, git 1; 1 failed]")
            #expect(harness.calls.elements.map(\.command) == [7, 7, 7, 7, 7])
            #expect(harness.calls.elements.map(\.sandbox).allSatisfy { $0 == "box" })
        }
    }

    @Test func anAnswerThatMeetsTheByteLimitIsReportedAsCallThatMayHaveHappened() async throws {
        try await Harness.with([Harness.open(Script.usual)], maxCommandBytes: 2 << 20) { harness in
            begin(7, harness)
            let client = try harness.connect(7)
            let large: JSON = ["count": 1_200_000]
            #expect(try await client.tool("large", large, id: 1)["result"] != nil)
            let error = try await client.tool("large", large, id: 2)["error"]
            #expect(error?["type"] == "ResultTooLarge")
            let message = error?["message"]?.stringValue ?? ""
            #expect(message.contains("may transfer 2 MiB"), "\(message)")
            #expect(message.contains("may have happened"), "\(message)")
            #expect(try await client.tool("echo", id: 3)["result"] != nil, "what is left is enough for others")
            let long: JSON = ["text": .string(String(repeating: "x", count: 1 << 20))]
            #expect(try await client.tool("echo", long, id: 4)["error"]?["type"] == "BudgetExceeded")
            #expect(harness.calls.elements.map(\.outcome) == [.ok, .error, .ok, .denied])
            #expect(await harness.session.endCommand(7) == "[tools: 3 calls, fake 3; 2 failed]")
        }
    }

    @Test func aCommandWithoutCallsHasNoNote() async throws {
        try await Harness.with([Harness.open(Script.usual)]) { harness in
            begin(7, harness)
            _ = try await harness.connect(7).ask("servers")
            #expect(await harness.session.endCommand(7) == nil)
            #expect(await harness.session.endCommand(8) == nil)
        }
    }

    @Test func theEndOfACommandCancelsItsCallsAndNamesThem() async throws {
        try await Harness.with([Harness.open(Script.usual)]) { harness in
            begin(7, harness)
            let client = try harness.connect(7)
            try await client.request(1, "call", ["server": "fake", "tool": "slow", "arguments": ["order": "A1"]])
            try await harness.log.wait { $0.contains { $0.contains("says: called slow") } }
            let note = await harness.session.endCommand(7)
            #expect(
                note == """
                    [tools: 1 call, fake 1; 1 failed]
                    not finished, may have happened: fake.slow(order="A1")
                    """)
            try await harness.log.wait { $0.contains { $0.contains("says: cancelled") } }
            #expect(harness.calls.elements.map(\.outcome) == [.cancelled])
            let late = try await client.tool("echo", id: 2)
            #expect(late["error"]?["type"] == "ToolInterrupted", "nothing begins any more")
        }
    }

    /// How a script and its calls can end.
    enum Ending: String, CaseIterable { case command, connection, both }

    @Test(arguments: Ending.allCases)
    func callsThatWaitForATurnNeverBeginAfterTheEnd(ending: Ending) async throws {
        try await Harness.with([Harness.open(Script.usual)]) { harness in
            begin(7, harness)
            let client = try harness.connect(7)
            for id in 1...8 { try await client.request(.integer(id), "call", ["server": "fake", "tool": "slow"]) }
            try await harness.log.wait { $0.count { $0.contains("says: called slow") } == 8 }
            for id in 11...90 { try await client.request(.integer(id), "call", ["server": "fake", "tool": "write"]) }
            let session = try #require(harness.session as? BridgeSession)
            try await eventually { session.calls(of: 7)?.turns.waiterCount == 80 }
            if ending != .command { client.cancel() }
            let note = ending == .connection ? nil : await harness.session.endCommand(7)
            try await harness.log.wait { $0.count { $0.contains("says: cancelled") } == 8 }
            try await eventually { harness.calls.elements.count == 88 }
            #expect(!harness.log.elements.contains { $0.contains("called write") })
            #expect(note?.contains("fake.write") != true)
            if let note { #expect(note.contains("and 3 more")) }
        }
    }

    @Test(arguments: [
        "os._exit(5)", #"print('{"jsonrpc": "2.0", "id": %d, "result": 5, "error": 6}' % message["id"], flush=True)"#,
    ])
    func aCallWithoutAnAnswerMayHaveHappened(end: String) async throws {
        let script = Script.server(
            #"[tool("pay")]"#,
            """
            def handle_call(message, name, arguments): \(end)
            """)
        try await Harness.with([Harness.open(script)]) { harness in
            begin(7, harness)
            let error = try await harness.connect(7).tool("pay", ["order": "A1"])["error"]
            #expect(error?["message"]?.stringValue?.hasSuffix("What the call does may have happened.") == true)
            #expect(
                await harness.session.endCommand(7) == """
                    [tools: 1 call, fake 1; 1 failed]
                    not finished, may have happened: fake.pay(order="A1")
                    """)
        }
    }

    @Test func aBackgroundProcessKeepsItsCalls() async throws {
        try await Harness.with([Harness.open(Script.usual)]) { harness in
            begin(7, harness)
            let background = try harness.connect()
            _ = try await background.tool("echo", id: 1)
            #expect(await harness.session.endCommand(7) == nil)
            #expect(try await background.tool("echo", id: 2)["result"] != nil)
            #expect(harness.calls.elements.map(\.command) == [nil, nil])
        }
    }

    @Test func aConnectionOfACommandThatIsOverIsToldSo() async throws {
        try await Harness.with([Harness.open(Script.usual)]) { harness in
            let client = try harness.connect(9)
            let error = try await client.answers.wait(forCount: 1)[0]
            #expect(error["id"] == .null)
            #expect(error["error"]?["type"] == "ToolInterrupted")
            #expect(try await client.ending.wait(forCount: 2) == [.end, .result])
        }
    }

    @Test func aConnectionThatIsGoneCancelsItsCalls() async throws {
        try await Harness.with([Harness.open(Script.usual)]) { harness in
            begin(7, harness)
            let client = try harness.connect(7)
            try await client.request(1, "call", ["server": "fake", "tool": "slow"])
            try await harness.log.wait { $0.contains { $0.contains("says: called slow") } }
            client.cancel()
            try await harness.log.wait { $0.contains { $0.contains("says: cancelled") } }
            #expect(try await client.ending.wait(forCount: 1) == [.result])
            #expect(
                await harness.session.endCommand(7)
                    == "[tools: 1 call, fake 1; 1 failed]\nnot finished, may have happened: fake.slow()")
        }
    }

    @Test func theClockStandsStillWhileACallWaits() async throws {
        try await Harness.with([Harness.open(Script.usual)]) { harness in
            begin(7, harness)
            let client = try harness.connect(7)
            try await client.request(1, "call", ["server": "fake", "tool": "slow"])
            try await harness.log.wait { $0.contains { $0.contains("says: called slow") } }
            _ = try await client.tool("echo", id: 2)
            #expect(clock.elements == [true])
            try await client.send(line: ["method": "cancel", "params": ["id": 1]])
            _ = try await client.answer(to: 1)
            #expect(clock.elements == [true, false])
        }
    }

    @Test func progressOfACallIsProgressOfTheCommand() async throws {
        let script = Script.server(
            #"[tool("work")]"#,
            """
            def handle_call(message, name, arguments):
                token = message["params"]["_meta"]["progressToken"]
                notify("notifications/progress", progressToken=token, progress=1, message="half")
                answer(message, text("done"))
            """)
        try await Harness.with([Harness.open(script)]) { harness in
            begin(7, harness)
            _ = try await harness.connect(7).tool("work")
            #expect(progress.elements == ["fake.work: half"])
        }
    }

    @Test func aCommandHasABudgetOfCalls() async throws {
        try await Harness.with([Harness.open(Script.usual, ["maxCalls": 3])]) { harness in
            begin(7, harness)
            let client = try harness.connect(7)
            for id in 1...3 { #expect(try await client.tool("echo", id: id)["result"] != nil) }
            let error = try await client.tool("echo", id: 4)["error"]
            #expect(error?["type"] == "BudgetExceeded")
            #expect(await harness.session.endCommand(7) == "[tools: 3 calls, fake 3; 1 failed]")
            begin(8, harness)
            #expect(try await harness.connect(8).tool("echo")["result"] != nil, "each command has its own")
        }
    }

    @Test func eightCallsOfACommandRunAtOnce() async throws {
        let script = Script.server(
            #"[tool("enter")]"#,
            """
            waiting = []
            def handle_call(message, name, arguments):
                waiting.append(message)
                say("entered", len(waiting))
                if len(waiting) >= 8:
                    for entered in waiting: answer(entered, text("in"))
                    waiting.clear()
            """)
        try await Harness.with([Harness.open(script)]) { harness in
            begin(7, harness)
            let client = try harness.connect(7)
            for id in 1...16 { try await client.request(.integer(id), "call", ["server": "fake", "tool": "enter"]) }
            try await client.answers.wait(forCount: 16)
            #expect(!harness.log.elements.contains { $0.contains("entered 9") })
        }
    }
}
