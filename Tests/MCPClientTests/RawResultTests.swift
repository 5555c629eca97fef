import JSON
import MCP
import MCPClient
import TestSupport
import Testing

/// What a server answered to a call, as it is.
@Suite(.timeLimit(.minutes(3))) struct RawResultTests {
    private let server = FakeServer()

    /// What no agent reads, or reads as something else.
    private static let results = [
        #"{"content":[{"type":"audio","data":"AAEC","mimeType":"audio/wav","annotations":{"audience":["user"]}}]}"#,
        #"{"content":[{"type":"hologram","depth":[1,2.50,12345678901234567890],"_meta":{"a/b":null}}]}"#,
        #"{"content":[{"type":"text","text":"a","_meta":{"x":1}}],"structuredContent":{"n":1.0},"_meta":{"k":[]}}"#,
        #"{"content":[],"structuredContent":null}"#,
        #"{"content":[],"structuredContent":"text","isError":false}"#,
        #"{"content":[{"type":"text"},7,"words",{"type":"image","data":"%%"}],"isError":"true"}"#,
        #"{"content":{"type":"text","text":"alone"},"surprise":{"resultType":"x"}}"#,
        #"{"structuredContent":[1,{"b":2,"a":1}],"ttlMs":5}"#,
        #"{}"#,
    ]

    @Test(arguments: results, ["2025-11-25", "2026-07-28"])
    func givesWhatTheServerSaidUntouched(result: String, revision: String) async throws {
        let script = """
            def handle(message):
                write('{"jsonrpc":"2.0","id":' + str(message["id"]) + ',"result":' + \(Self.quoted(result)) + '}\\n')
            serve(handle, "\(revision)")
            """
        try await server.with(script) { client in
            let raw = try await client.callToolRaw("t", [:], timeLimit: 60)
            #expect(JSON.object(raw.members).text == (try JSON.parse(result, .exact)).text)
            #expect(raw.size > result.utf8.count)
            #expect(raw.structuredContent == (try JSON.parse(result))["structuredContent"])
        }
    }

    @Test func hasTheReadingOfAnAgentBesideIt() async throws {
        let blocks = #"[{"type":"audio","data":"AAEC","mimeType":"audio/wav"},{"type":"text","text":"a"}]"#
        let script = """
            serve(lambda m: answer(m, {"content": json.loads('\(blocks)'), "_meta": {"k": 1}, "isError": True}))
            """
        try await server.with(script) { client in
            let raw = try await client.callToolRaw("t", [:], timeLimit: 60)
            #expect(JSON.array(raw.content).text == blocks)
            #expect(raw.meta == ["k": 1])
            #expect(raw.isError)
            let read = try await client.callTool("t", [:], timeLimit: 60)
            #expect(raw.reading() == read)
            #expect(read.content == [.text("[Audio, audio/wav, 3 bytes: it cannot be played here.]"), .text("a")])
        }
    }

    /// A text as Python has it.
    private static func quoted(_ text: String) -> String { JSON.string(text).text }
}
