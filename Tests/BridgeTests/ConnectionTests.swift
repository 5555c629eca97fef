import Bridge
import ExecCore
import JSON
import TestSupport
import Testing
import Threading

/// The lines of a connection, well-formed and otherwise.
@Suite(.timeLimit(.minutes(3))) struct ConnectionTests {
    @Test(arguments: [
        "nonsense", "[]", "{}", #"{"method": "servers"}"#, #"{"id": 1, "id": 2, "method": "servers"}"#,
        #"{"method": "servers", "id": 1.5}"#, #"{"method": "servers", "id": null}"#, #"{"method": "cancel"}"#,
        #"{"id": [1], "method": 1}"#,
    ])
    func anUnreadableLineIsReportedAndTheNextIsRead(line: String) async throws {
        try await Harness.with([]) { harness in
            let client = try harness.connect()
            try await client.send(Array("\(line)\n".utf8))
            let answer = try await client.answers.wait(forCount: 1)[0]
            #expect(answer["id"] == .null)
            #expect(answer["error"]?["type"] == "ProtocolError")
            #expect(try await client.ask("servers") == ["id": 1, "result": ["servers": []]])
        }
    }

    @Test(arguments: [
        #"{"id": 7, "method": "servers", "params": [}"#, #"{"id": 7, "method": "servers", "params": {"a": 1e400}}"#,
        #"{"params": {"a": 1, "a": 2}, "method": "servers", "id": 7}"#, #"{"id": 7}"#, #"{"id": 7, "method": 1}"#,
        #"{"id": 7, "method": "servers", "params": 1}"#, #"{"id": 7, "method": "servers"} more"#,
        #"{"id": 7, "method": "servers", "params": {"a": "\x"}}"#,
    ])
    func aRequestThatCannotBeReadIsAnsweredByItsId(line: String) async throws {
        try await Harness.with([]) { harness in
            let client = try harness.connect()
            try await client.send(Array("\(line)\n".utf8))
            #expect(try await client.answer(to: 7)["error"]?["type"] == "ProtocolError")
            try await client.request(7, "servers")
            let next = try await client.answers.wait(forCount: 2)[1]
            #expect(next == ["id": 7, "result": ["servers": []]], "the id is free")
        }
    }

    @Test func aRequestOfTooManyValuesSaysTheLimit() async throws {
        try await Harness.with([]) { harness in
            let client = try harness.connect()
            let values = String(repeating: "0,", count: 500_000)
            let line = #"{"id": "x", "method": "call", "params": {"a": [\#(values)0]}}"#
            try await client.send(Array("\(line)\n".utf8))
            let error = try await client.answer(to: "x")["error"]
            #expect(error?["type"] == "ToolInputError")
            #expect(error?["message"]?.stringValue?.contains("at most 500000 values") == true)
        }
    }

    @Test func aBrokenLineWithTheIdOfAnOpenRequestIsNotItsAnswer() async throws {
        try await Harness.with([Harness.open(Script.usual)]) { harness in
            let client = try harness.connect()
            try await client.request(1, "call", ["server": "fake", "tool": "slow"])
            try await harness.log.wait { $0.contains { $0.contains("says: called slow") } }
            try await client.send(Array(#"{"id": 1, "method": }"#.utf8) + [0x0A])
            #expect(try await client.answers.wait(forCount: 1)[0]["id"] == .null)
        }
    }

    @Test func aLineOverTheLimitEndsTheConnection() async throws {
        try await Harness.with([]) { harness in
            let client = try harness.connect()
            try await client.request(1, "servers")
            let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: (8 << 20) + 1)
            try await client.send(bytes)
            let answers = try await client.answers.wait(forCount: 2)
            #expect(answers.contains { $0["error"]?["message"] == "A request has more than 8388608 bytes." })
            #expect(try await client.ending.wait(forCount: 2) == [.end, .result])
        }
    }

    @Test func theLastRequestNeedsNoLineEndAndIsAnsweredBeforeTheEnd() async throws {
        try await Harness.with([Harness.open(Script.usual)]) { harness in
            let client = try harness.connect()
            try await client.request(1, "call", ["server": "fake", "tool": "pid"])
            try await client.send(Array(#"{"jsonrpc": "2.0", "id": "last", "method": "servers"}"#.utf8))
            client.end()
            #expect(try await client.ending.wait(forCount: 2) == [.end, .result])
            #expect(Set(client.answers.elements.compactMap { $0["id"]?.text }) == ["1", "\"last\""])
        }
    }

    @Test(arguments: [#"{"id": 1, "method": "serv"#, #"{"id": 1, "method": "servers""#, "{", #"{"id": 1, "method""#])
    func aLastRequestThatIsCutIsNotCarriedOut(cut: String) async throws {
        try await Harness.with([Harness.open(Script.usual)]) { harness in
            let client = try harness.connect()
            try await client.send(Array(cut.utf8))
            client.end()
            #expect(try await client.ending.wait(forCount: 2) == [.end, .result])
            #expect(client.answers.elements.map { $0["id"] } == [cut == "{" ? .null : 1])
            #expect(client.answers.elements.first?["error"]?["type"] == "ProtocolError")
        }
    }

    @Test func aLastRequestOfALostClientIsNotCarriedOut() async throws {
        try await Harness.with([Harness.open(Script.usual)]) { harness in
            let client = try harness.connect()
            try await client.send(
                Array(#"{"id": 1, "method": "call", "params": {"server": "fake", "tool": "write"}}"#.utf8))
            client.cancel()
            try await eventually { client.ending.elements.last == .result }
            #expect(harness.calls.elements.isEmpty)
        }
    }

    @Test func anIdOfAnOpenRequestIsRefusedAndTheRequestGoesOn() async throws {
        try await Harness.with([Harness.open(Script.usual)]) { harness in
            let client = try harness.connect()
            try await client.request(1, "call", ["server": "fake", "tool": "slow"])
            try await harness.log.wait { $0.contains { $0.contains("says: called slow") } }
            try await client.request(1, "servers")
            #expect(try await client.answers.wait(forCount: 1)[0]["error"]?["type"] == "ProtocolError")
            try await client.send(line: ["method": "cancel", "params": ["id": 1]])
            #expect(try await client.answer(to: 1)["error"]?["type"] == "ToolInterrupted")
            try await client.request(1, "servers")
            try await client.answers.wait { $0.contains { $0["id"] == 1 && $0["result"] != nil } }
        }
    }

    @Test func anUnknownMethodIsAnError() async throws {
        try await Harness.with([]) { harness in
            let error = try await harness.connect().ask("tools/call")["error"]
            #expect(error?["type"] == "ProtocolError")
            #expect(error?["message"]?.stringValue?.contains("Unknown method tools/call.") == true)
        }
    }

    @Test func aClientThatNeverReadsStopsOnlyItself() async throws {
        try await Harness.with([Harness.open(Script.usual)]) { harness in
            harness.session.beginCommand(7, BridgedCommand(holdClock: { _ in }, onProgress: { _ in }))
            let deaf = try harness.connect(7)
            deaf.isReading.withLock { $0 = false }
            for id in 1...12 {
                try await deaf.request(
                    .integer(id), "call", ["server": "fake", "tool": "large", "arguments": ["count": 1_000_000]])
            }
            let other = try harness.connect()
            for id in 1...3 { #expect(try await other.tool("echo", id: id)["result"] != nil) }
            #expect(deaf.answers.elements.isEmpty)
            deaf.cancel()
            #expect(try await deaf.ending.wait(forCount: 1) == [.result])
        }
    }

    @Test(
        arguments: [[:], ["command": "7"], ["command": -1], ["command": 4_294_967_296], ["command": 1.5], .null]
            as [JSON])
    func aGuestThatOpensAConnectionForNoCommandIsNotOurs(params: JSON) async throws {
        try await Harness.with([]) { harness in
            #expect(throws: ChannelError.self) { _ = try harness.session.open(params, id: 1) }
        }
    }
}
