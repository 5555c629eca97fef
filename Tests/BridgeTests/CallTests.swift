import Bridge
import Foundation
import JSON
import TestSupport
import Testing
import Threading

/// Calls of tools that code in a sandbox makes.
@Suite(.timeLimit(.minutes(3))) struct CallTests {
    @Test func aResultArrivesAsTheToolWroteIt() async throws {
        let arguments: JSON = ["a": [1, .null, 2.5], "ü": "\u{1F600}"]
        try await Harness.with([Harness.open(Script.usual)]) { harness in
            let client = try harness.connect()
            #expect(
                try await client.tool("echo", arguments) == [
                    "id": 1,
                    "result": [
                        "content": [], "structuredContent": arguments, "unwraps": false, "declaresOutput": false,
                    ],
                ])
        }
    }

    @Test(arguments: [
        "9223372036854775807", "9223372036854775808", "18446744073709551615", "-9223372036854775809",
        "1234567890123456789012", "1" + String(repeating: "0", count: 310), "0.5", "-0.0",
    ])
    func numbersKeepTheirDigitsBothWays(number: String) async throws {
        let script = Script.server(
            #"[tool("echo", True)]"#,
            """
            def handle_call(message, name, arguments):
                say("got", json.dumps(arguments))
                answer(message, {"content": [], "structuredContent": arguments})
            """)
        try await Harness.with([Harness.open(script)]) { harness in
            let client = try harness.connect()
            let params = #"{"server":"fake","tool":"echo","arguments":{"n":\#(number),"in":[{"n":\#(number)}]}}"#
            try await client.send(Array("{\"id\":1,\"method\":\"call\",\"params\":\(params)}\n".utf8))
            let content = try await client.answer(to: 1)["result"]?["structuredContent"]
            #expect(content?.text == #"{"n":\#(number),"in":[{"n":\#(number)}]}"#)
            #expect(harness.log.elements.contains { $0.contains(#"got {"n": \#(number), "in""#) })
        }
    }

    @Test(arguments: [
        ("NaN", true), ("-Infinity", true), ("1e400", true), ("null", false), ("1e300", false), (#""NaN""#, false),
    ])
    func aNumberThatJSONDoesNotHaveIsNullWithANote(number: String, isLost: Bool) async throws {
        let script = Script.server(
            #"[tool("read", True)]"#,
            """
            def handle_call(message, name, arguments):
                result = '{"content": [], "structuredContent": {"n": \(number)}, "_meta": {"x/y": 1}}'
                print('{"jsonrpc": "2.0", "id": %d, "result": %s}' % (message["id"], result), flush=True)
            """)
        try await Harness.with([Harness.open(script)]) { harness in
            let result = try await harness.connect().tool("read")["result"]
            if isLost { #expect(result?["structuredContent"]?["n"] == .null) }
            #expect((result?["_meta"]?["exec-mcp/lostNumbers"] == true) == isLost)
            #expect(result?["_meta"]?["x/y"] == 1)
        }
    }

    @Test(arguments: [1024, 1025, 5000])
    func everyToolThatIsListedCanBeCalled(length: Int) async throws {
        let script = Script.server(
            "[tool('t' * \(length), True), tool('short', True)]",
            """
            def handle_call(message, name, arguments): answer(message, text(name))
            """)
        try await Harness.with([Harness.open(script)]) { harness in
            let client = try harness.connect()
            let tools = try await client.ask("tools", ["server": "fake"])["result"]?["tools"]?.arrayValue ?? []
            #expect(tools.count == (length > 1024 ? 1 : 2))
            for (id, tool) in tools.enumerated() {
                let name = try #require(tool["name"]?.stringValue)
                #expect(try await client.tool(name, id: id + 2)["result"] != nil)
            }
            #expect(harness.log.elements.contains { $0.contains("1 of its tools are left out") } == (length > 1024))
        }
    }

    @Test func aFailureOfTheToolIsAResult() async throws {
        try await Harness.with([Harness.open(Script.usual)]) { harness in
            let answer = try await harness.connect().tool("fail")
            #expect(answer["result"]?["isError"] == true)
            #expect(answer["result"]?["content"]?.arrayValue?.first?["text"] == "no such order")
            #expect(harness.calls.elements.map(\.outcome) == [.error])
        }
    }

    struct Failure: Sendable, CustomTestStringConvertible {
        let params: JSON
        let type: String
        let message: String
        var testDescription: String { params.text }
    }

    @Test(arguments: [
        Failure(params: ["server": "fake", "tool": "ecko"], type: "ToolNotFound", message: "has no tool ecko"),
        Failure(
            params: ["server": "fakes", "tool": "echo"], type: "ServerNotFound", message: "The servers are: fake."),
        // Names that nobody has cost nothing, however long.
        Failure(
            params: ["tool": .string("fake" + String(repeating: "__", count: 1_000_000))], type: "ToolNotFound",
            message: "Unknown tool fake____"),
        Failure(
            params: ["server": .string(String(repeating: "f", count: 1_000_000)), "tool": "echo"],
            type: "ServerNotFound", message: "Unknown server ffff"),
        Failure(params: ["server": "fake"], type: "ToolInputError", message: "call needs tool, a string."),
        Failure(
            params: ["server": "fake", "tool": "echo", "arguments": [1]], type: "ToolInputError",
            message: "arguments must be an object, not an array."),
        Failure(
            params: ["server": "fake", "tool": "echo", "timeout": 0], type: "ToolInputError",
            message: "timeout must be a number above 0"),
        Failure(params: ["tool": "nobody__echo"], type: "ToolNotFound", message: "Unknown tool nobody__echo."),
        Failure(
            params: ["server": "fake", "tool": "echo", "timeout": -1.5], type: "ToolInputError",
            message: "timeout must be a number above 0, not -1.5."),
        Failure(params: ["server": "fake", "tool": "die"], type: "ServerUnavailable", message: "exit status 5"),
    ])
    func aFailureSaysItsKind(failure: Failure) async throws {
        try await Harness.with([Harness.open(Script.usual)]) { harness in
            let error = try await harness.connect().ask("call", failure.params)["error"]
            #expect(error?["type"] == .string(failure.type))
            #expect(error?["message"]?.stringValue?.contains(failure.message) == true, "\(error?.text ?? "none")")
        }
    }

    @Test func anUnknownToolComesWithThoseThatAreMeant() async throws {
        try await Harness.with([Harness.open(Script.usual)]) { harness in
            let error = try await harness.connect().tool("ecko")["error"]
            #expect(error?["data"]?["didYouMean"] == ["fake.echo"])
        }
    }

    @Test(arguments: ["fake__echo", "fake.echo"])
    func aToolIsFoundByOneName(name: String) async throws {
        try await Harness.with([Harness.open(Script.usual)]) { harness in
            let answer = try await harness.connect().ask("call", ["tool": .string(name), "arguments": ["x": 1]])
            #expect(answer["result"]?["structuredContent"] == ["x": 1])
        }
    }

    @Test func aNameWithTwoMeaningsNamesBoth() async throws {
        let one = Script.server(#"[tool("b__c", True)]"#, "def handle_call(*_): pass")
        let other = Script.server(#"[tool("c", True)]"#, "def handle_call(*_): pass")
        let entries = [Harness.open(one, name: "a"), Harness.open(other, name: "a__b")]
        try await Harness.with(entries) { harness in
            let error = try await harness.connect().ask("call", ["tool": "a__b__c"])["error"]
            #expect(error?["type"] == "ToolNotFound")
            #expect(
                error?["message"] == "a__b__c may mean b__c of a and c of a__b: name the server and the tool.")
        }
    }

    @Test func aCallIsNeverMadeTwice() async throws {
        let directory = try TemporaryDirectory()
        let script = Script.server(
            #"[tool("pay")]"#,
            """
            def handle_call(message, name, arguments):
                with open("\(directory.path)/paid", "a") as file: file.write("x")
                os._exit(1)
            """)
        try await Harness.with([Harness.open(script)]) { harness in
            let error = try await harness.connect().tool("pay")["error"]
            #expect(error?["message"]?.stringValue?.hasSuffix("What the call does may have happened.") == true)
            #expect(try String(contentsOfFile: "\(directory.path)/paid", encoding: .utf8) == "x")
        }
    }

    @Test func manyRequestsOfOneConnectionAreAnsweredInAnyOrder() async throws {
        try await Harness.with([Harness.open(Script.usual)]) { harness in
            let client = try harness.connect()
            try await client.request("waits", "call", ["server": "fake", "tool": "slow"])
            for number in 0..<20 {
                try await client.request(
                    .integer(number), "call", ["server": "fake", "tool": "echo", "arguments": ["n": .integer(number)]])
            }
            let answers = try await client.answers.wait(forCount: 20)
            #expect(Set(answers.compactMap { $0["id"]?.integerValue }) == Set(0..<20))
            #expect(answers.allSatisfy { $0["id"] == $0["result"]?["structuredContent"]?["n"] })
            try await client.send(line: ["method": "cancel", "params": ["id": "waits"]])
            #expect(try await client.answer(to: "waits")["error"]?["type"] == "ToolInterrupted")
            try await harness.log.wait { $0.contains { $0.contains("says: cancelled") } }
        }
    }

    @Test func aCallThatTakesTooLongMayHaveHappened() async throws {
        try await Harness.with([Harness.open(Script.usual)]) { harness in
            let error = try await harness.connect().tool("slow", timeout: 0.2)["error"]
            #expect(error?["type"] == "ToolTimeout")
            #expect(
                error?["message"]
                    == "fake.slow did not finish within 0.2 seconds. What the call does may have happened.")
            try await harness.log.wait { $0.contains { $0.contains("says: cancelled") } }
            #expect(harness.calls.elements.map(\.outcome) == [.timedOut])
        }
    }

    @Test func aResultOverTheLimitIsAnErrorThatSaysItsSize() async throws {
        try await Harness.with([Harness.open(Script.usual, ["maxResult": 10_000])]) { harness in
            let client = try harness.connect()
            #expect(try await client.tool("large", ["count": 9000], id: 1)["result"] != nil)
            for (id, count) in [(2, 20_000), (3, 200_000)] {
                let error = try await client.tool("large", ["count": .integer(count)], id: id)["error"]
                #expect(error?["type"] == "ResultTooLarge")
                #expect(error?["message"]?.stringValue?.contains("at most 10000 are passed on") == true)
            }
            #expect(try await client.tool("echo", id: 4)["result"] != nil, "the server goes on")
        }
    }

    @Test func largeResultsPassInPieces() async throws {
        try await Harness.with([Harness.open(Script.usual)]) { harness in
            let answer = try await harness.connect().tool("large", ["count": 4_000_000])
            #expect(answer["result"]?["content"]?.arrayValue?.first?["text"]?.stringValue?.count == 4_000_000)
        }
    }

    @Test func serversGetNothingOfTheEnvironmentThatTheyDoNotNeed() async throws {
        let script = Script.server(
            #"[tool("environment", True)]"#,
            """
            def handle_call(message, name, arguments):
                answer(message, {"content": [], "structuredContent": dict(os.environ)})
            """)
        try await Harness.with([Harness.open(script)]) { harness in
            let answer = try await harness.connect().tool("environment")
            let variables = answer["result"]?["structuredContent"]?.objectValue ?? [:]
            #expect(variables["PATH"] != nil)
            #expect(variables["SECRET"] == nil)
            #expect(variables["EXEC_MCP_BRIDGE_DEPTH"] == "1")
        }
    }
}
