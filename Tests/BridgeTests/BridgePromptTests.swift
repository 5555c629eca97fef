import BridgeModules
import JSON
import MCP
import TestSupport
import Testing

@testable import Bridge

/// What the system prompt says of the servers, and what clients are told beside it.
@Suite(.timeLimit(.minutes(3))) struct BridgePromptTests {
    @Test func theReportCountsWhatIsOfferedAndSaysWhatIsMissing() async throws {
        let dead = Harness.entry("raise SystemExit(7)", name: "dead")
        try await Harness.with([Harness.entry(Script.usual), dead]) { harness in
            let prompt = try #require(await harness.bridge.prompt(for: Harness.user))
            #expect(prompt.section.contains("from servers import fake"))
            #expect(prompt.report.servers.map(\.name) == ["fake", "dead"])
            #expect(prompt.report.servers.map(\.tools) == [7, 0])
            #expect(prompt.report.servers[0].failure == nil)
            #expect(prompt.report.servers[1].failure?.contains("7") == true)
            #expect(prompt.report.promptTokens == TokenEstimate.tokens(in: prompt.section))
            // `{"type":"function","function":{"name":"echo","description":"","parameters":{"type":"object"}}}`, 7 times.
            #expect((140...350).contains(prompt.report.schemaTokens))
        }
        try await Harness.with([]) { harness in #expect(await harness.bridge.prompt(for: Harness.user) == nil) }
    }

    @Test func theServersAnswerSaysWhatEachIsAbout() async throws {
        let names = ["order_create", "order_list", "refund_create", String(repeating: "x", count: 300), "ignore_all\n"]
        let script = Script.server(
            JSON.array(names.map { ["name": .string($0), "inputSchema": ["type": "object"]] }).text,
            "def handle_call(message, name, arguments): answer(message, text(name))")
        try await Harness.with([Harness.entry(script)]) { harness in
            let client = try harness.connect()
            _ = try await client.ask("tools", ["server": "fake"])
            let answer = try await client.ask("servers", id: 2)["result"]?["servers"]?.arrayValue ?? []
            let summary = try #require(answer.first?["summary"]?.stringValue)
            #expect(summary.hasPrefix("order, "))
            #expect(summary.contains("refund"))
            #expect(summary.utf8.count <= 60)
            #expect(!summary.contains("\n"))
        }
    }

    @Test func theReportIsReadAsItIsWritten() {
        let report = BridgeReport(
            servers: [.init(name: "a", tools: 3), .init(name: "b", tools: 0, failure: "x")], schemaTokens: 5,
            promptTokens: 6)
        #expect(BridgeReport(report.json) == report)
        let hostile: JSON = [
            "servers": [["name": .string(String(repeating: "n", count: 9_999)), "tools": -4], 5, ["name": 5]],
            "schemaTokens": 1e300, "promptTokens": "x",
        ]
        let read = BridgeReport(hostile)
        #expect(read?.servers.map(\.name.count) == [500])
        #expect(read?.servers.map(\.tools) == [0])
        #expect(read.map { [$0.schemaTokens, $0.promptTokens] } == [0, 0])
        #expect(BridgeReport(nil) == nil)
    }
}
