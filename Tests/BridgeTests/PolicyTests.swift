import ExecCore
import JSON
import TestSupport
import Testing

@testable import Bridge

/// Which tools run.
@Suite(.timeLimit(.minutes(3))) struct PolicyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let tools: JSON
        let tool: String
        /// The type of the error; `nil` if it runs.
        let error: String?
        let rule: String
        var testDescription: String { "\(tools.text) \(tool)" }
    }

    @Test func theLogOfCallsKeepsNothingOfWhatTheyPassed() {
        let log = CallLog()
        var call = NestedCall(
            time: 1, sandbox: "box", command: 3, server: "shop", tool: "refund",
            arguments: ["order": .string(String(repeating: "x", count: 1000))], argumentBytes: 1000)
        call.error = String(repeating: "y", count: 1000)
        log.add(call)
        #expect(log.last(1).map(\.arguments) == [[:]])
        #expect(log.last(1).map(\.error) == [nil])
        #expect(log.last(1).first?.entry["tool"] == "refund")
    }

    @Test(arguments: [
        Case(tools: [:], tool: "echo", error: nil, rule: "read-only"),
        Case(tools: [:], tool: "write", error: "ApprovalRequired", rule: "default"),
        Case(tools: ["allow": ["write"]], tool: "write", error: nil, rule: "allow write"),
        Case(tools: ["allow": ["wr*"]], tool: "write", error: nil, rule: "allow wr*"),
        Case(tools: ["allow": ["WRITE", "writ"]], tool: "write", error: "ApprovalRequired", rule: "default"),
        Case(tools: ["allow": ["*"], "deny": ["w[r]ite"]], tool: "write", error: "ToolDenied", rule: "deny w[r]ite"),
        Case(tools: ["deny": ["*"]], tool: "echo", error: "ToolDenied", rule: "deny *"),
        Case(tools: ["allow": ["*"], "ask": ["write"]], tool: "write", error: "ApprovalRequired", rule: "ask write"),
        Case(tools: ["ask": ["echo"]], tool: "echo", error: "ApprovalRequired", rule: "ask echo"),
        Case(tools: ["ask": ["*"], "deny": ["*"]], tool: "echo", error: "ToolDenied", rule: "deny *"),
        // What can't be understood closes everything.
        Case(tools: ["allow": "*"], tool: "echo", error: "ToolDenied", rule: "deny *"),
        Case(tools: ["*"], tool: "echo", error: "ToolDenied", rule: "deny *"),
        Case(tools: ["allow": ["*"], "denied": ["write"]], tool: "write", error: "ToolDenied", rule: "deny *"),
    ])
    func denyBeatsAskBeatsAllowBeatsWhatTheToolSays(given: Case) async throws {
        try await Harness.with([Harness.entry(Script.usual, ["tools": given.tools])]) { harness in
            let answer = try await harness.connect().tool(given.tool)
            #expect(answer["error"]?["type"]?.stringValue == given.error)
            #expect(harness.calls.elements.map(\.rule) == [given.rule])
            #expect((answer["result"] != nil) == (given.error == nil))
        }
    }

    @Test func aRefusalSaysWhatCanBeDone() async throws {
        try await Harness.with([Harness.entry(Script.usual)]) { harness in
            let message = try await harness.connect().tool("write")["error"]?["message"]?.stringValue ?? ""
            #expect(message.hasPrefix("fake.write needs a person's approval. "))
            #expect(message.contains(#"in the entry fake, "exec-mcp": {"tools": {"allow": ["write"]}}."#))
        }
    }

    @Test func aToolThatAsksSaysThatAllowingAloneIsNotEnough() async throws {
        try await Harness.with([Harness.entry(Script.usual, ["tools": ["ask": ["wr*"]]])]) { harness in
            let message = try await harness.connect().tool("write")["error"]?["message"]?.stringValue ?? ""
            #expect(message.hasSuffix(#"{"tools": {"allow": ["write"]}}, without "wr*" in exec-mcp.tools.ask."#))
        }
    }

    @Test func whatIsRefusedIsMarkedInEachListWithItsRule() async throws {
        let rules: JSON = ["tools": ["allow": ["pid"], "ask": ["fail"], "deny": ["d*"]]]
        try await Harness.with([Harness.entry(Script.usual, rules)]) { harness in
            let client = try harness.connect()
            func marks(_ tools: JSON?) -> [String: String] {
                var marks: [String: String] = [:]
                for tool in tools?.arrayValue ?? [] {
                    guard let name = tool["name"]?.stringValue, let refused = tool["refused"] else { continue }
                    #expect(refused["reason"]?.stringValue?.isEmpty == false)
                    let asks = refused["needsApproval"] == true ? "?" : ""
                    marks[name] = (refused["rule"]?.stringValue ?? "") + asks
                }
                return marks
            }
            let expected = [
                "slow": "default?", "fail": "ask fail?", "die": "deny d*", "large": "default?", "write": "default?",
            ]
            let listed = try await client.ask("tools", ["server": "fake"])["result"]?["tools"]
            #expect(listed?.arrayValue?.count == 7)
            #expect(marks(listed) == expected)
            let found = try await client.ask("search", ["query": "write"], id: 2)["result"]?["tools"]
            #expect(marks(found)["write"] == "default?")
            let tool = try await client.ask("tool", ["server": "fake", "tool": "die"], id: 3)["result"]
            #expect(tool?["refused"]?["rule"] == "deny d*")
            #expect(tool?["docstring"]?.stringValue?.contains("Policy: refused.") == true)
            let other = try await client.ask("tool", ["server": "fake", "tool": "pid"], id: 4)["result"]
            #expect(other?["name"] == "pid")
            #expect(other?["refused"] == nil)
        }
    }

    @Test func aCheckNamesRefusedToolsByRuleAndWhatWouldLetThemRun() async throws {
        let rules: JSON = ["tools": ["allow": ["pid", "echo"], "ask": ["fail"], "deny": ["d*"]]]
        try await Harness.with([Harness.entry(Script.usual, rules)]) { harness in
            let report = try #require(await harness.bridge.check(for: Harness.user).first)
            #expect((report.tools, report.asked, report.refused) == (7, 4, 1))
            #expect(report.refusals.map(\.needsApproval) == [true, true, false])
            #expect(report.refusals.map(\.rule) == ["default", "ask fail", "deny d*"])
            #expect(report.refusals.map(\.tools) == [["slow", "large", "write"], ["fail"], ["die"]])
            #expect(
                report.refusals.map(\.remedy) == [
                    #""exec-mcp": {"tools": {"allow": ["slow", …]}} in the entry fake"#,
                    #""exec-mcp": {"tools": {"allow": ["fail", …]}} in the entry fake, without the pattern in exec-mcp.tools.ask"#,
                    "exec-mcp.tools.deny in the entry fake, without the pattern",
                ])
        }
    }

    @Test func whatAToolDeclaresCountsOnlyIfItIsTrusted() async throws {
        try await Harness.with([Harness.entry(Script.usual, ["trustHints": false])]) { harness in
            let answer = try await harness.connect().tool("echo")
            #expect(answer["error"]?["type"] == "ApprovalRequired")
        }
    }

    @Test func aListingFromTheCacheLetsNothingRun() async throws {
        let directory = try TemporaryDirectory()
        let state = StateDirectory(path: "\(directory.path)/state")
        // The same server, whose tool only reads until a file exists.
        let script = Script.server(
            "[tool(\"wipe\", not os.path.exists(\"\(directory.path)/new\"))]",
            "def handle_call(message, name, arguments): answer(message, text(\"wiped\"))")
        try await Harness.with([Harness.entry(script)], state: state) { harness in
            let answer = try await harness.connect().tool("wipe")
            #expect(answer["result"] != nil)
        }
        _ = try directory.write("", to: "new")
        try await Harness.with([Harness.entry(script)], state: state) { harness in
            let answer = try await harness.connect().tool("wipe")
            #expect(answer["error"]?["type"] == "ApprovalRequired")
        }
    }

    @Test func aNameWithControlCharactersMatchesNoPattern() async throws {
        let script = Script.server(
            "[tool(\"read\" + chr(0) + \"x\", True)]",
            "def handle_call(message, name, arguments): answer(message, text(\"ran\"))")
        try await Harness.with([Harness.entry(script, ["tools": ["allow": ["read?"]]])]) { harness in
            let answer = try await harness.connect().tool("read\0x")
            #expect(answer["error"]?["type"] == "ToolDenied")
        }
    }

    @Test func resourcesAreReadWithinTheSameRules() async throws {
        try await Harness.with([Harness.entry(Script.usual, ["tools": ["deny": ["*"]]])]) { harness in
            let error = try await harness.connect().ask("read", ["server": "fake", "uri": "file:///x"])["error"]
            #expect(error?["type"] == "ToolDenied")
            #expect(harness.calls.elements.map(\.tool) == ["resources/read"])
        }
    }

    @Test func refusedCallsFillNoLog() async throws {
        try await Harness.with([Harness.entry(Script.usual, ["maxCalls": 5])]) { harness in
            harness.session.beginCommand(7, BridgedCommand(holdClock: { _ in }, onProgress: { _ in }))
            let client = try harness.connect(7)
            for id in 1...130 { #expect(try await client.tool("write", id: id)["error"] != nil) }
            #expect(harness.calls.elements.count == 100)
            #expect(harness.observed.elements.count == 130)
        }
    }

    @Test func lookingThingsUpHasARate() async throws {
        let calls = CommandCalls(of: nil, approvals: UserApprovals(of: Harness.user, in: nil))
        let start = ContinuousClock.now
        // A second's worth at once, and half of one more.
        for _ in 0..<Int(RequestLimits.lookupsPerSecond * 1.5) { try await calls.waitForLookup() }
        #expect(start.duration(to: .now) > .seconds(0.4))
    }

    @Test func unknownNamesAreLookedUpAtThatRateToo() async throws {
        try await Harness.with([Harness.entry(Script.usual)]) { harness in
            let client = try harness.connect()
            #expect(try await client.tool("nowhere")["error"]?["type"] == "ToolNotFound")
            let many = Int(RequestLimits.lookupsPerSecond * 1.5)
            let start = ContinuousClock.now
            for id in 2...many { try await client.request(.integer(id), "search", ["query": "write"]) }
            try await client.answers.wait(forCount: many)
            #expect(start.duration(to: .now) > .seconds(0.3))
        }
    }

    @Test func backgroundProcessesShareTheLimitsOfACommand() async throws {
        try await Harness.with([Harness.open(Script.usual, ["maxCalls": 3])]) { harness in
            for id in 1...3 {
                let client = try harness.connect()
                #expect(try await client.tool("echo", id: id)["result"] != nil)
            }
            let answer = try await harness.connect().tool("echo")
            #expect(answer["error"]?["type"] == "BudgetExceeded")
        }
    }
}
