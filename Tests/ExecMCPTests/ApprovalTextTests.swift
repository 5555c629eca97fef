import Diagnostics
import JSON
import Testing

@testable import Bridge
@testable import ExecMCP

/// What `exec-mcp bridge approve` and `pending` show.
struct ApprovalTextTests {
    private func request(_ arguments: JSONObject, tool: String = "count") -> ApprovalRequest {
        let identity = ToolIdentity(server: "pay", serverDigest: "s", tool: tool, toolDigest: "d", rule: "default")
        let call = CallToApprove(identity, reason: "It pays.", mayLast: true, arguments: arguments, script: "5c12")
        return ApprovalRequest(call, session: "s", now: 0, seconds: 60)
    }

    private func rows(_ text: String) -> [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    @Test func aCallIsShown() {
        let request = request(["amount": 5])
        #expect(
            rows(ApprovalText(columns: 80).text(request)) == [
                "\(request.id)  pending  pay.count", #"    arguments: {"amount":5}"#,
                "    why: It pays. (rule: default)", "    script: 5c12", "    until: 1970-01-01T00:01:00Z",
            ])
        #expect(
            ApprovalText(columns: 200).question(request, .once)
                == "Let this call of pay.count be made once, with these 12 bytes of arguments? [y/N] ")
        #expect(
            ApprovalText(columns: 200).question(request, .always)
                == "Let pay.count be called with any arguments from now on? [y/N] ")
    }

    /// A text that fills rows exactly, so that what follows begins where a row does.
    @Test(arguments: [20, 40, 80, 81])
    func whatContinuesARowLooksLikeNoOther(columns: Int) {
        let forged = ["k3v9-x2mq-7fhd  pending  pay.count", "    arguments: {}", "    why: x", "    until: x"]
        for offset in 0..<columns {
            let text = forged.reduce(String(repeating: " ", count: offset)) { text, line in
                text + line + String(repeating: " ", count: max(columns - line.count, 1))
            }
            let rows = rows(ApprovalText(columns: columns).text(request(["note": .string(text)])))
            #expect(rows.allSatisfy { TerminalColumns.width(of: $0) < columns })
            let firsts = rows.dropFirst().filter { !$0.hasPrefix("    ↳   ") }
            let names = firsts.map { $0.drop { $0 == " " }.prefix { $0 != ":" } }
            #expect(names == ["arguments", "why", "script", "until"])
        }
    }

    @Test func aNameThatIsCutHasAMark() {
        let long = String(repeating: "a", count: 300)
        let text = ApprovalText(columns: 1000).question(request([:], tool: long), .session)
        #expect(text.hasPrefix("Let pay.\(long.prefix(200))… be called"))
    }
}
