import ExecCore
import Foundation
import JSON
import MCPServers
import TestSupport
import Testing
import Threading

@testable import Bridge

/// Calls that nobody can be asked about, and tools that change.
@Suite(.timeLimit(.minutes(3))) struct PendingApprovalTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private var state: StateDirectory { StateDirectory(path: "\(directory.path)/state") }
    private var store: ApprovalStore { ApprovalStore(in: state, of: Harness.user) }
    private let entries = [Harness.entry(Script.recording)]

    private static func id(_ answer: JSON) -> String { answer["error"]?["data"]?["approval"]?.stringValue ?? "" }

    @Test func anApprovedCallRunsOnceInWhicheverProcessMakesIt() async throws {
        try await Harness.with(entries, state: state) { first in
            try await Harness.with(entries, state: state) { second in
                let (one, other) = (try first.connect(), try second.connect())
                let asked = try await one.tool("pay", ["sum": 5])
                #expect(asked["error"]?["type"] == "ApprovalRequired")
                #expect(Self.id(try await other.tool("pay", ["sum": 5])) == Self.id(asked))
                try await store.decide(Self.id(asked), .once)
                #expect(try await other.tool("pay", ["sum": 6], id: 2)["error"] != nil)
                #expect(try await other.tool("pay", ["sum": 5], id: 3)["result"] != nil)
                #expect(try await one.tool("pay", ["sum": 5], id: 4)["error"]?["type"] == "ApprovalRequired")
                try await second.waitUntilRan(1)
                #expect(first.ran + second.ran == [#"pay {"sum":5}"#])
                #expect(second.calls.elements.last?.rule == "default, approved once")
            }
        }
    }

    @Test func anApprovalForASessionIsSeenByTheProcessThatAsked() async throws {
        try await Harness.with(entries, state: state) { first in
            try await Harness.with(entries, state: state) { second in
                let (one, other) = (try first.connect(), try second.connect())
                try await store.decide(Self.id(try await one.tool("pay", ["sum": 5])), .session)
                #expect(try await one.tool("pay", ["sum": 7], id: 2)["result"] != nil)
                #expect(try await other.tool("pay", ["sum": 7])["error"]?["type"] == "ApprovalRequired")
                let tools = try await one.ask("tools", ["server": "fake"], id: 3)["result"]?["tools"]?.arrayValue ?? []
                #expect(tools.filter { $0["refused"] != nil }.map { $0["name"] } == ["write"])
            }
        }
    }

    @Test func anotherUserHasNoPartInIt() async throws {
        let bob = try #require(UserID("bob"))
        try await Harness.with(entries, state: state) { harness in
            let asked = try await harness.connect().tool("pay", ["sum": 5])
            await #expect(throws: ApprovalStore.ChangeError.unknown) {
                try await ApprovalStore(in: state, of: bob).decide(Self.id(asked), .once)
            }
            try await store.decide(Self.id(asked), .always)
            #expect(try await harness.connect(as: bob).tool("pay", ["sum": 5])["error"]?["type"] == "ApprovalRequired")
        }
    }

    @Test func aStateThatCannotBeWrittenIsNotTakenForAFullOne() async throws {
        _ = try directory.write("in the way", to: "state")
        try await Harness.with(entries, state: state) { harness in
            let error = try await harness.connect().tool("pay")["error"]
            #expect(error?["data"]?["approval"] == nil)
            #expect(error?["message"]?.stringValue?.contains("cannot write its file with approvals") == true)
            #expect(error?["message"]?.stringValue?.contains("Too many") == false)
            #expect(harness.log.elements.contains { $0.contains("approvals of ann cannot be written: ") })
        }
    }

    @Test func aRefusalNamesTheCommandThatApproves() async throws {
        try await Harness.with(entries, state: state) { harness in
            let answer = try await harness.connect().tool("pay")
            let message = try #require(answer["error"]?["message"]?.stringValue)
            #expect(message.contains("exec-mcp bridge approve \(Self.id(answer)) --user ann. "))
            #expect(answer["error"]?["data"]?["rule"] == "default")
        }
        try await Harness.with(entries) { harness in
            let error = try await harness.connect().tool("pay")["error"]
            #expect(error?["data"]?["approval"] == nil, "nothing is kept without a directory")
            #expect(error?["message"]?.stringValue?.contains("bridge approve") == false)
        }
    }

    @Test func aRefusalNamesTheTimeThatIsLeft() async throws {
        try await Harness.with(entries, state: state) { harness in
            let client = try harness.connect()
            let first = try await client.tool("pay")
            #expect(first["error"]?["message"]?.stringValue?.contains("Within 60 minutes a person") == true)
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(state.path)/approvals")
            let file = "\(state.path)/approvals/\(try #require(names.first { $0.hasSuffix(".json") }))"
            for (id, seconds, left) in [(2, 1800.0, "30 minutes"), (3, 1740, "1 minute")] {
                var stored = try JSON.parse(Array(Data(contentsOf: URL(fileURLWithPath: file)))).objectValue ?? [:]
                var request = stored["requests"]?.arrayValue?.first?.objectValue ?? [:]
                for member in ["created", "expires"] {
                    request[member] = .double((request[member]?.numberValue ?? 0) - seconds)
                }
                stored["requests"] = [.object(request)]
                #expect(state.write(JSON.object(stored).serialized(), to: String(file.dropFirst(state.path.count + 1))))
                let again = try await client.tool("pay", id: id)
                #expect(Self.id(again) == Self.id(first))
                #expect(again["error"]?["message"]?.stringValue?.contains("Within \(left) a person") == true)
            }
        }
    }

    @Test func loopsFillNeitherTheDirectoryNorTheList() async throws {
        try await Harness.with(entries, state: state) { harness in
            let client = try harness.connect()
            for number in 1...(ApprovalStore.maxRequests + 3) {
                _ = try await client.tool("pay", ["n": .integer(number)], id: number)
            }
            #expect(store.requests.count == ApprovalStore.maxRequests)
            let last = try await client.tool("pay", ["n": "last"], id: 999)
            #expect(last["error"]?["message"]?.stringValue?.contains("Too many calls wait") == true)
        }
    }

    /// A server whose tool `pay` declares something else once a file exists; it says what it ran.
    private func changing(announced: Bool) -> BridgeServerEntry {
        let script = Script.server(
            "[tool(\"pay\", description=\"new\" if os.path.exists(\"\(directory.path)/new\") else \"old\"), tool(\"turn\")]",
            """
            def handle_call(message, name, arguments):
                if name == "turn":
                    open("\(directory.path)/new", "w").close()
                    \(announced ? #"notify("notifications/tools/list_changed")"# : "pass")
                else: say("ran", name, json.dumps(arguments, separators=(",", ":")))
                answer(message, text("done"))
            """)
        return Harness.entry(script, ["tools": ["allow": ["turn"]]])
    }

    @Test(arguments: ["session", "always"])
    func aChangedToolAsksAgain(decision: String) async throws {
        let user = ScriptedUser(decision)
        try await Harness.with([changing(announced: true)], state: state) { harness in
            let client = try harness.command(7, user)
            for id in 1...2 { #expect(try await client.tool("pay", id: id)["result"] != nil) }
            #expect(user.questions.elements.count == 1)
            #expect(try await client.tool("turn", id: 3)["result"] != nil)
            for id in 4...5 { #expect(try await client.tool("pay", id: id)["result"] != nil) }
            #expect(user.questions.elements.count == 2)
        }
    }

    @Test func aToolThatChangesWhileAPersonIsAskedIsNotCalled() async throws {
        let mayAnswer = AsyncEvent()
        let user = ScriptedUser { _ in
            try await mayAnswer.waitUnlessCancelled()
            return .accept(["decision": "once"])
        }
        try await Harness.with([changing(announced: true)], state: state) { harness in
            let client = try harness.command(7, user)
            try await client.request(1, "call", ["server": "fake", "tool": "pay"])
            try await user.questions.wait(forCount: 1)
            #expect(try await client.tool("turn", id: 2)["result"] != nil)
            mayAnswer.complete()
            let error = try await client.answer(to: 1)["error"]
            #expect(error?["type"] == "ToolDenied")
            #expect(error?["message"]?.stringValue?.contains("declares something else") == true)
            #expect(harness.ran == [])
            #expect(try await client.tool("pay", id: 3)["result"] != nil, "asked about anew")
            #expect(user.questions.elements.count == 2)
        }
    }

    @Test func aServerThatIsStartedDifferentlyAsksAgain() async throws {
        var entry = Harness.entry(Script.recording)
        for (token, questions) in [("one", 1), ("one", 0), ("two", 1)] {
            entry.entry.environment = ["ACCOUNT": token]
            let user = ScriptedUser("always")
            try await Harness.with([entry], state: state) { harness in
                let client = try harness.command(7, user)
                #expect(try await client.tool("pay")["result"] != nil)
                #expect(user.questions.elements.count == questions)
            }
        }
    }

    // MARK: - Resources and prompts

    struct ReadCase: Sendable, CustomTestStringConvertible {
        var rules: JSON = [:]
        let method: String
        let params: JSONObject
        let error: String?
        let rule: String
        var testDescription: String { "\(rules.text) \(method) \(JSON.object(params).text)" }
    }

    private static let reading = """
        def handle(message):
            method = message.get("method")
            if method == "tools/list": answer(message, {"tools": []})
            elif method == "resources/list": answer(message, {"resources": [{"uri": "a://listed", "name": "n"}]})
            elif method == "resources/templates/list": answer(message, {"resourceTemplates": []})
            elif method == "resources/read":
                say("ran", message["params"]["uri"])
                answer(message, {"contents": []})
            elif method == "prompts/list": answer(message, {"prompts": [{"name": "p"}]})
            elif method == "prompts/get":
                say("ran", message["params"]["name"])
                answer(message, {"messages": []})
            elif "id" in message: refuse(message)
        serve(handle)
        """

    @Test(arguments: [
        ReadCase(method: "resources", params: [:], error: nil, rule: "listed"),
        ReadCase(method: "prompts", params: [:], error: nil, rule: "listed"),
        ReadCase(method: "read", params: ["uri": "a://listed"], error: nil, rule: "listed"),
        ReadCase(method: "read", params: ["uri": "a://other?data=x"], error: "ApprovalRequired", rule: "default"),
        ReadCase(method: "prompt", params: ["name": "p"], error: nil, rule: "listed"),
        ReadCase(
            method: "prompt", params: ["name": "p", "arguments": ["x": "data"]], error: "ApprovalRequired",
            rule: "default"),
        ReadCase(
            rules: ["allow": ["resources/*"]], method: "read", params: ["uri": "a://other"], error: nil,
            rule: "allow resources/*"),
        ReadCase(
            rules: ["allow": ["*"]], method: "prompt", params: ["name": "p", "arguments": ["x": "y"]], error: nil,
            rule: "allow *"),
        ReadCase(
            rules: ["ask": ["resources/read"]], method: "read", params: ["uri": "a://listed"],
            error: "ApprovalRequired", rule: "ask resources/read"),
        ReadCase(
            rules: ["deny": ["prompts/*"]], method: "prompts", params: [:], error: "ToolDenied",
            rule: "deny prompts/*"),
        ReadCase(
            rules: ["deny": ["*"]], method: "read", params: ["uri": "a://listed"], error: "ToolDenied", rule: "deny *"),
    ])
    func resourcesAndPromptsFollowTheSameRules(sample: ReadCase) async throws {
        try await Harness.with([Harness.entry(Self.reading, ["tools": sample.rules])], state: state) { harness in
            var params = sample.params
            params["server"] = "fake"
            let client = try harness.connect()
            let answer = try await client.ask(sample.method, .object(params))
            #expect(answer["error"]?["type"]?.stringValue == sample.error)
            #expect(harness.calls.elements.last?.rule == sample.rule)
            if sample.error != nil { #expect(harness.ran == []) }
            guard sample.error == "ApprovalRequired" else { return }
            try await store.decide(Self.id(answer), .once)
            #expect(try await client.ask(sample.method, .object(params), id: 2)["result"] != nil)
            try await harness.waitUntilRan(1)
        }
    }
}
