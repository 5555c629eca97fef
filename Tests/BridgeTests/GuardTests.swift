import ExecCore
import Foundation
import JSON
import TestSupport
import Testing
import Threading

@testable import Bridge

/// What may leave a session that has read private data and text of strangers.
@Suite(.timeLimit(.minutes(3))) struct GuardTests {
    /// Three tools: one only reads on this machine, one reads the world, one writes.
    private static let script = Script.server(
        #"[tool("look", True), tool("fetch", True, annotations={"readOnlyHint": True}), tool("send")]"#,
        """
        def handle_call(message, name, arguments): answer(message, text("ran " + name))
        """)

    private static func entries(_ sources: [String: JSON], _ settings: JSONObject = [:]) -> [BridgeServerEntry] {
        ["crm", "web", "desk"].map { name in
            var settings = settings
            settings["source"] = sources[name]
            return Harness.open(script, name: name, settings)
        }
    }

    private static let both: [String: JSON] = ["crm": "private", "web": "untrusted"]

    private static func call(_ client: Client, _ name: String, id: Int) async throws -> JSON {
        let parts = name.split(separator: ".").map(String.init)
        return try await client.ask("call", ["server": .string(parts[0]), "tool": .string(parts[1])], id: id)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let sources: [String: JSON]
        let reads: [String]
        let out: String
        /// Whether a person has to approve the last call.
        let asks: Bool
        var trusts = true
        var testDescription: String { "\(sources) \(reads) \(out)" }
    }

    @Test(arguments: [
        // Each of the three alone, and in pairs.
        Case(sources: both, reads: ["crm.look"], out: "crm.look", asks: false),
        Case(sources: both, reads: ["web.look"], out: "web.look", asks: false),
        Case(sources: both, reads: [], out: "desk.send", asks: false),
        Case(sources: both, reads: ["crm.look"], out: "desk.send", asks: false),
        Case(sources: both, reads: ["web.look"], out: "desk.send", asks: false),
        Case(sources: both, reads: ["crm.look", "web.look"], out: "desk.look", asks: false),
        Case(sources: both, reads: ["crm.look", "crm.look"], out: "crm.send", asks: false),
        // All three.
        Case(sources: both, reads: ["crm.look", "web.look"], out: "desk.send", asks: true),
        Case(sources: both, reads: ["web.look", "crm.look"], out: "desk.send", asks: true),
        Case(sources: both, reads: ["crm.look", "web.look"], out: "desk.fetch", asks: true),
        Case(sources: both, reads: ["crm.look", "web.look"], out: "crm.send", asks: true),
        Case(sources: both, reads: ["crm.send", "web.fetch"], out: "web.fetch", asks: true),
        Case(sources: ["crm": ["private", "untrusted"]], reads: ["crm.look"], out: "desk.send", asks: true),
        // Both are the last call's own results: there is nothing yet that could leave.
        Case(sources: ["crm": ["private", "untrusted"]], reads: [], out: "crm.send", asks: false),
        // Servers that are not marked, or that are marked the same.
        Case(sources: [:], reads: ["crm.look", "web.look"], out: "desk.send", asks: false),
        Case(
            sources: ["crm": "private", "web": "private"], reads: ["crm.look", "web.look"], out: "desk.send",
            asks: false),
        // What can't be read counts as both.
        Case(sources: ["crm": "secret"], reads: ["crm.look"], out: "desk.send", asks: true),
        Case(sources: ["crm": ["private", 5]], reads: ["crm.look"], out: "desk.send", asks: true),
        // What a tool declares counts only if it is trusted.
        Case(sources: both, reads: ["crm.look", "web.look"], out: "desk.look", asks: true, trusts: false),
    ])
    func aWayOutIsGuardedOnceBothKindsWereRead(given: Case) async throws {
        let entries = Self.entries(given.sources, given.trusts ? [:] : ["trustHints": false])
        try await Harness.with(entries) { harness in
            let client = try harness.connect()
            for (number, name) in given.reads.enumerated() {
                #expect(try await Self.call(client, name, id: number + 1)["result"] != nil)
            }
            let answer = try await Self.call(client, given.out, id: 100)
            #expect(answer["error"]?["type"] == (given.asks ? "ApprovalRequired" : nil))
            #expect(harness.calls.elements.last?.rule == (given.asks ? "guard" : "allow *"))
        }
    }

    @Test func nobodyToAskIsSaidWithTheReason() async throws {
        try await Harness.with(Self.entries(Self.both)) { harness in
            let client = try harness.connect()
            for (number, name) in ["crm.look", "web.look"].enumerated() {
                _ = try await Self.call(client, name, id: number + 1)
            }
            let error = try await Self.call(client, "desk.send", id: 3)["error"]
            let message = error?["message"]?.stringValue ?? ""
            #expect(message.contains("has read private data (crm) and text of strangers (web)"), "\(message)")
            #expect(message.contains("data could leave through this tool"))
            #expect(error?["data"]?["rule"] == "guard")
        }
    }

    @Test func aRuleThatRefusesIsNotOpenedByTheGuard() async throws {
        var entries = Self.entries(Self.both)
        entries[2] = Harness.entry(Self.script, name: "desk", ["tools": ["deny": ["send"]]])
        try await Harness.with(entries) { harness in
            let client = try harness.connect()
            for (number, name) in ["crm.look", "web.look"].enumerated() {
                _ = try await Self.call(client, name, id: number + 1)
            }
            #expect(try await Self.call(client, "desk.send", id: 3)["error"]?["type"] == "ToolDenied")
        }
    }

    @Test func sessionsOfUsersAreApart() async throws {
        let bob = try #require(UserID("bob"))
        try await Harness.with(Self.entries(Self.both)) { harness in
            let (ann, other) = (try harness.connect(), try harness.connect(as: bob))
            _ = try await Self.call(ann, "crm.look", id: 1)
            _ = try await Self.call(other, "web.look", id: 1)
            #expect(try await Self.call(ann, "desk.send", id: 2)["result"] != nil)
            #expect(try await Self.call(other, "desk.send", id: 2)["result"] != nil)
            #expect(harness.bridge.untrustedSources(readBy: Harness.user) == [])
            #expect(harness.bridge.untrustedSources(readBy: bob) == ["web"])
        }
    }

    @Test(arguments: [("read", true), ("prompt", true), ("resources", false), ("prompts", false)])
    func whatCodeNamesInARequestCanCarryDataOut(method: String, asks: Bool) async throws {
        try await Harness.with(Self.entries(Self.both)) { harness in
            let client = try harness.connect()
            for (number, name) in ["crm.look", "web.look"].enumerated() {
                _ = try await Self.call(client, name, id: number + 1)
            }
            let answer = try await client.ask(method, ["server": "desk", "uri": "x:y", "name": "n"], id: 3)
            #expect((answer["error"]?["type"] == "ApprovalRequired") == asks)
            #expect(harness.calls.elements.last?.rule == (asks ? "guard" : "allow *"))
        }
    }

    @Test(arguments: ["resources", "read", "prompts", "prompt"])
    func resourcesAndPromptsAreReadToo(method: String) async throws {
        try await Harness.with(Self.entries(Self.both)) { harness in
            let client = try harness.connect()
            for (number, server) in ["crm", "web"].enumerated() {
                _ = try await client.ask(
                    method, ["server": .string(server), "uri": "x:y", "name": "n"], id: number + 1)
            }
            #expect(try await Self.call(client, "desk.send", id: 3)["error"]?["type"] == "ApprovalRequired")
            #expect(harness.bridge.untrustedSources(readBy: Harness.user) == ["web"])
        }
    }

    @Test func whatWasDeniedIsNotAskedAboutAgainByTheGuard() async throws {
        let entries = ["crm", "web", "desk"].map { name -> BridgeServerEntry in
            Harness.entry(Self.script, name: name, .object(Self.both[name].map { ["source": $0] } ?? [:]))
        }
        try await Harness.with(entries) { harness in
            let person = ScriptedUser("deny")
            let client = try harness.command(1, person)
            for (number, name) in ["desk.send", "crm.look", "web.look", "desk.send"].enumerated() {
                let answer = try await Self.call(client, name, id: number)
                #expect((answer["error"]?["type"] == "ToolDenied") == (name == "desk.send"))
            }
            #expect(person.questions.elements.count == 1)
        }
    }

    struct Answer: Sendable, CustomTestStringConvertible {
        let answer: UserAnswer
        /// Whether the call runs.
        let runs: Bool
        /// How many questions three calls cost: the tool twice, and then another.
        let questions: Int
        var testDescription: String { "\(answer)" }
    }

    @Test(arguments: [
        Answer(answer: .accept(["decision": "once"]), runs: true, questions: 3),
        Answer(answer: .accept([:]), runs: true, questions: 3),
        Answer(answer: .accept(["decision": "session"]), runs: true, questions: 2),
        // What was not offered is not given.
        Answer(answer: .accept(["decision": "always"]), runs: true, questions: 2),
        Answer(answer: .accept(["decision": "deny"]), runs: false, questions: 3),
        Answer(answer: .decline, runs: false, questions: 3),
        Answer(answer: .cancel, runs: false, questions: 3),
    ])
    func thePersonsAnswerIsBoundToTheToolAndTheSession(given: Answer) async throws {
        let directory = try TemporaryDirectory()
        let state = StateDirectory(path: "\(directory.path)/state")
        for _ in 1...2 {
            try await Harness.with(Self.entries(Self.both), state: state) { harness in
                let person = ScriptedUser { _ in given.answer }
                // Answers last from command to command, and not from session to session.
                let reader = try harness.command(1, nil)
                for (number, name) in ["crm.look", "web.look"].enumerated() {
                    _ = try await Self.call(reader, name, id: number + 1)
                }
                for (number, name) in ["desk.send", "desk.send", "desk.fetch"].enumerated() {
                    let client = try harness.command(UInt32(number + 2), person)
                    let answer = try await Self.call(client, name, id: 1)
                    #expect((answer["result"] != nil) == given.runs)
                    #expect(answer["error"]?["type"] == (given.runs ? nil : "ToolDenied"))
                }
                let questions = person.questions.elements
                #expect(questions.count == given.questions)
                #expect(questions.allSatisfy { $0.message.contains("private data (crm) and text of strangers (web)") })
                #expect(questions.allSatisfy { $0.details["rule"] == "guard" })
                #expect(harness.calls.elements.suffix(3).allSatisfy { $0.rule.hasPrefix("guard") })
            }
        }
    }

    @Test func whatWasApprovedBeforeIsNoLeaveToLeadDataOut() async throws {
        var entries = Self.entries(Self.both)
        entries[2] = Harness.entry(Self.script, name: "desk")
        try await Harness.with(entries) { harness in
            let person = ScriptedUser("session")
            let client = try harness.command(1, person)
            #expect(try await Self.call(client, "desk.send", id: 1)["result"] != nil)
            #expect(try await Self.call(client, "desk.send", id: 2)["result"] != nil)
            #expect(person.questions.elements.map { $0.details["rule"] } == ["default"])
            for (number, name) in ["crm.look", "web.look"].enumerated() {
                _ = try await Self.call(client, name, id: number + 3)
            }
            #expect(try await Self.call(client, "desk.send", id: 5)["result"] != nil)
            #expect(person.questions.elements.map { $0.details["rule"] } == ["default", "guard"])
        }
    }

    @Test func whatWasReadGoesAlongWithTheSandbox() async throws {
        let directory = try TemporaryDirectory()
        let state = StateDirectory(path: "\(directory.path)/state")
        try await Harness.with(Self.entries(Self.both), state: state) { harness in
            let client = try harness.connect()
            _ = try await Self.call(client, "crm.look", id: 1)
        }
        let bob = try #require(UserID("bob"))
        try await Harness.with(Self.entries(Self.both), state: state) { harness in
            let (client, other) = (try harness.connect(), try harness.connect(as: bob))
            for one in [client, other] { _ = try await Self.call(one, "web.look", id: 1) }
            #expect(try await Self.call(client, "desk.send", id: 2)["error"]?["data"]?["rule"] == "guard")
            #expect(try await Self.call(other, "desk.send", id: 2)["result"] != nil)
            let listed = try await client.ask("tools", ["server": "desk"], id: 3)["result"]?["tools"]?.arrayValue ?? []
            #expect(listed.map { $0["refused"]?["rule"] } == ["guard", nil, "guard"])
        }
    }

    @Test(arguments: ["", "{", "[]"])
    func whatCannotBeReadOfASandboxMayHaveBeenAnything(content: String) async throws {
        let directory = try TemporaryDirectory()
        let state = StateDirectory(path: "\(directory.path)/state")
        try await Harness.with(Self.entries(Self.both), state: state) { harness in
            let client = try harness.connect()
            _ = try await Self.call(client, "crm.look", id: 1)
        }
        let kept = "\(state.path)/sources"
        let file = try #require(try FileManager.default.contentsOfDirectory(atPath: kept).first)
        try content.write(toFile: "\(kept)/\(file)", atomically: true, encoding: .utf8)
        try await Harness.with(Self.entries(Self.both), state: state) { harness in
            let client = try harness.connect()
            #expect(try await Self.call(client, "desk.send", id: 1)["error"]?["data"]?["rule"] == "guard")
        }
    }
}
