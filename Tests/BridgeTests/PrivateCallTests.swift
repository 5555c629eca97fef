import ExecCore
import JSON
import PrivateData
import TestSupport
import Testing

@testable import Bridge

/// Calls with values that don't enter the sandbox.
@Suite(.timeLimit(.minutes(3))) struct PrivateCallTests {
    private static let mail = "ada.lovelace@analytical.org"

    /// Gives back its arguments, in whichever way; says what it got.
    private static let script = Script.server(
        #"[tool("echo"), tool("fail"), tool("refuse"), tool("write")]"#,
        """
        def handle_call(message, name, arguments):
            say("got", name, json.dumps(arguments))
            if name == "fail": answer(message, text("nobody called " + arguments["to"]) | {"isError": True})
            elif name == "refuse":
                error = {"code": -32000, "message": "x" * 3990 + " " + arguments["to"] + " is gone"}
                send({"jsonrpc": "2.0", "id": message["id"], "error": error})
            else: answer(message, {"content": [], "structuredContent": arguments})
        """)

    /// Runs `body` with the server `fake`, whose values only `crm` gets.
    private func with(
        _ handling: JSONObject, _ body: (Harness, Client, PrivateDataVault, ScriptedUser) async throws -> Void
    ) async throws {
        let vaults = PrivateDataVaults(mode: .all)
        let user = ScriptedUser("once")
        var settings = handling
        settings["tools"] = ["allow": ["echo", "fail", "refuse"], "ask": ["write"]]
        let servers = [
            Harness.open(Self.script, ["pii": ["to": ["crm"]]]),
            Harness.entry(Self.script, name: "crm", .object(settings)),
        ]
        try await Harness.with(servers, privateData: vaults) { harness in
            harness.session.beginCommand(1, BridgedCommand(holdClock: { _ in }, user: user))
            try await body(harness, try harness.connect(1), vaults.vault(of: Harness.user.name), user)
        }
    }

    private func token(_ client: Client) async throws -> JSON {
        try #require(try await client.tool("echo", ["to": .string(Self.mail)])["result"]?["structuredContent"]?["to"])
    }

    @Test(arguments: ["echo", "fail", "refuse", "write"], [[:], ["pii": true], ["pii": "strict"]] as [JSONObject])
    func theServerThatGetsAValueIsTheOnlyOneToSeeIt(_ tool: String, _ handling: JSONObject) async throws {
        try await with(handling) { harness, client, vault, user in
            let token = try await token(client)
            #expect(token.stringValue?.hasPrefix("<email-") == true)
            let answer = try await client.ask(
                "call", ["server": "crm", "tool": .string(tool), "arguments": ["to": token]], id: 2)
            #expect(harness.log.elements.contains { $0.contains("got \(tool)") && $0.contains(Self.mail) })
            #expect(!answer.text.contains("ada."), "\(answer.text.suffix(200))")
            let record = try #require(harness.calls.elements.last)
            #expect(record.tool == tool && record.arguments == ["to": token])
            #expect(record.error?.contains("ada.") != true)
            for question in user.questions.elements {
                #expect(!question.message.contains("lovelace") && question.message.contains(token.stringValue ?? "-"))
                #expect(question.details["arguments"] == [["to": token]])
            }
            #expect(user.questions.elements.count == (tool == "write" ? 1 : 0))
        }
    }

    /// A file that is text, and one that isn't.
    @Test func filesThatAreTextAreLookedInto() {
        let text: JSON = ["resource": ["blob": "bWFpbAphZGEubG92ZWxhY2VAYW5hbHl0aWNhbC5vcmcK"], "n": 1]
        let other: JSON = [["blob": "AABhZGE="], ["blob": "no base64!"], ["blob": 5], ["text": "YWRh"]]
        var seen: [String] = []
        #expect(
            text.mappingTextFiles {
                seen.append($0)
                return $0
            } == text)
        #expect(seen == ["mail\n\(Self.mail)\n"])
        #expect(text.mappingTextFiles { _ in "ab" } == ["resource": ["blob": "YWI="], "n": 1])
        #expect(other.mappingTextFiles { _ in "x" } == other)
    }

    @Test func aVaultIsAskedForAtEachCall() async throws {
        let vaults = PrivateDataVaults(mode: .found)
        try await Harness.with([Harness.open(Self.script, ["pii": true])], privateData: vaults) { harness in
            let client = try harness.connect()
            for number in 0..<1100 { _ = vaults.vault(of: "user\(number)") }
            _ = try await client.tool("echo", ["to": .string(Self.mail)])
            #expect(!vaults.vault(of: Harness.user.name).redact(Self.mail).contains("lovelace"))
        }
    }

    @Test(arguments: 0..<Self.mail.count) func aSummaryCutsNoValueInTwo(_ place: Int) throws {
        let vaults = PrivateDataVaults(mode: .all)
        let vault = vaults.vault(of: "ann")
        let text = String(repeating: "-", count: max(0, 38 - place)) + " " + Self.mail + " and more"
        let call = NestedCall(
            time: 0, sandbox: "box", command: nil, server: "crm", tool: "send", arguments: [.init(text): .string(text)],
            argumentBytes: 1)
        let shown = vault.redact(call.summary(vault))
        #expect(!shown.contains("ada.") && !shown.contains("love"), "\(shown)")
        #expect(shown.hasPrefix("crm.send(-") && shown.hasSuffix("…)"))
        #expect(call.summary(nil).contains("ad") || place < 2)
    }

    @Test(arguments: 0..<Self.mail.count) func aQuestionCutsNoValueInTwo(_ place: Int) throws {
        let vault = PrivateDataVaults(mode: .all).vault(of: "ann")
        // The listed arguments begin with `{"a":"`.
        let text =
            String(repeating: ".", count: 12_000 - 8 - place) + " \(Self.mail)" + String(repeating: " x", count: 99)
        let call = CallToApprove(
            ToolIdentity(server: "crm", serverDigest: "s", tool: "send", toolDigest: "d", rule: "default"),
            reason: "It does.", mayLast: true, arguments: ["a": .string(text)], script: "", privateData: vault)
        let question = ApprovalQuestion([call]).question
        for shown in [vault.redact(question.message), vault.redact(.object(question.details)).text] {
            #expect(!shown.contains("ada.") && !shown.contains("love"), "\(shown.suffix(300))")
            #expect(shown.contains("(cut: "))
        }
    }
}
