import ExecCore
import JSON
import PrivateData
import Testing

@testable import Bridge
@testable import ExecMCP

/// The audit log's line for a call that code in a sandbox made.
@Suite struct NestedCallEntryTests {
    private func line(_ change: (inout NestedCall) -> Void = { _ in }) throws -> JSON {
        var call = NestedCall(
            time: 1_000_000.5, sandbox: "box", command: 7, server: "shop", tool: "refund\u{202E}",
            arguments: ["order": "A1"], argumentBytes: 80)
        call.seconds = 0.01234
        call.resultBytes = 5
        call.rule = "allow *"
        change(&call)
        return try JSON.parse(NestedCallEntry(user: try #require(UserID("ann")), call: call).line)
    }

    @Test func saysWhereItCameFromAndWhatBecameOfIt() throws {
        let line = try line()
        #expect(line["time"] == "1970-01-12T13:46:40.500Z")
        #expect(line["user"] == "ann")
        #expect(line["tool"] == "shop.refund\u{FFFD}")
        #expect(line["sandbox"] == "box")
        #expect(line["command"] == 7)
        #expect(line["outcome"] == "ok")
        #expect(line["rule"] == "allow *")
        #expect(line["duration_ms"]?.numberValue == 12.3)
        #expect(line["bytes"] == 5)
        #expect(line["error"] == nil)
    }

    @Test func hasADigestOfTheArgumentsAndNotThese() throws {
        let arguments = try line()["arguments"]
        #expect(arguments?["sha256"] == "38ad8eebee8610e1e2d48a2c915e33a55f6fc16301c9ac813a9b14ef6b5a8315")
        #expect(arguments?.objectValue?.keys == ["sha256", "bytes"])
    }

    @Test func aBackgroundProcessHasNoCommand() throws {
        let call = NestedCall(
            time: 0, sandbox: "box", command: nil, server: "a", tool: "b", arguments: [:], argumentBytes: 0)
        let line = NestedCallEntry(user: try #require(UserID("ann")), call: call).line
        #expect(try JSON.parse(line)["command"] == "background")
    }

    @Test func aLongErrorIsCut() throws {
        let line = try line {
            $0.outcome = .denied
            $0.error = String(repeating: "x", count: 10_000)
        }
        #expect(line["outcome"] == "denied")
        #expect((line["error"]?.stringValue?.count ?? 0) < 300)
    }

    @Test func itsDigestIsOfTokensAlsoWhereNumbersWere() throws {
        let user = try #require(UserID("ann"))
        let vault = PrivateDataVaults(mode: .found).vault(of: user.name)
        vault.learn(["phone": 5_551_234_567])
        let call = NestedCall(
            time: 0, sandbox: "box", command: nil, server: "a", tool: "b", arguments: ["to": 5_551_234_567],
            argumentBytes: 0)
        let digest = try JSON.parse(NestedCallEntry(user: user, call: call, privateData: vault).line)["arguments"]?[
            "sha256"]
        #expect(digest != nil && digest != .string(call.argumentDigest))
    }
}
