import JSON
import MCP
import Testing

/// What is written for a revision has the fields that it knows, and no other.
@Suite struct FieldsByRevisionTests {
    private let tool = Tool(
        name: "n", title: "T", description: "d", inputSchema: ["type": "object"],
        outputSchema: ["type": "object", "properties": [:]], annotations: ["readOnlyHint": true])
    private let server = Implementation(name: "n", title: "T", version: "1", summary: "s")

    @Test(arguments: [
        (Revision.november2024, ["name", "description", "inputSchema"]),
        (.march2025, ["name", "description", "inputSchema", "annotations"]),
        (.june2025, ["name", "title", "description", "inputSchema", "outputSchema", "annotations"]),
        (.november2025, ["name", "title", "description", "inputSchema", "outputSchema", "annotations"]),
        (.july2026, ["name", "title", "description", "inputSchema", "outputSchema", "annotations"]),
    ])
    func writesATool(revision: Revision, keys: [String]) {
        let json = tool.json(for: revision)
        #expect(json.objectValue?.keys == keys)
        #expect(json["name"] == "n")
        #expect(json["description"] == "d")
        #expect(json["inputSchema"] == ["type": "object"])
    }

    @Test func leavesOutAnOutputSchemaThatThereIsNot() {
        let plain = Tool(name: "n", title: "T", description: "d", inputSchema: [:], annotations: [:])
        #expect(plain.json(for: .july2026)["outputSchema"] == nil)
    }

    @Test(arguments: [
        (Revision.november2024, ["name", "version"]), (.march2025, ["name", "version"]),
        (.june2025, ["name", "title", "version"]), (.november2025, ["name", "title", "version", "description"]),
        (.july2026, ["name", "title", "version", "description"]),
    ])
    func writesAnImplementation(revision: Revision, keys: [String]) {
        #expect(server.json(for: revision).objectValue?.keys == keys)
    }

    @Test(arguments: Revision.allCases)
    func writesAToolsResult(revision: Revision) {
        let result = ToolResult(content: [.text("t")], structuredContent: ["a": 1])
        let expected: JSONObject =
            revision >= .june2025
            ? ["content": [["type": "text", "text": "t"]], "structuredContent": ["a": 1]]
            : ["content": [["type": "text", "text": "t"]]]
        #expect(result.members(for: revision) == expected)
    }

    @Test(arguments: Revision.allCases)
    func writesAToolsFailure(revision: Revision) {
        #expect(
            ToolResult.failure("why").members(for: revision)
                == ["content": [["type": "text", "text": "why"]], "isError": true])
    }

    @Test func writesAnImage() {
        #expect(
            ContentBlock.image(data: [0xFF, 0x00, 0x7F], mediaType: "image/png").json(for: .july2026)
                == ["type": "image", "data": "/wB/", "mimeType": "image/png"])
    }

    @Test(arguments: Revision.allCases)
    func writesAResourceLink(revision: Revision) {
        let link = ContentBlock.resourceLink(uri: "a:///b.txt", name: "b.txt", mediaType: "text/plain", size: 7)
        let expected: JSON =
            revision >= .june2025
            ? ["type": "resource_link", "uri": "a:///b.txt", "name": "b.txt", "mimeType": "text/plain", "size": 7]
            : ["type": "text", "text": "a:///b.txt (text/plain, 7 bytes)"]
        #expect(link.json(for: revision) == expected)
    }

    @Test(arguments: Revision.allCases.filter { !$0.isModern })
    func leavesALegacyResultAsItIs(revision: Revision) {
        let result: JSONObject = ["a": 1]
        #expect(result.asResult(for: revision, from: server, cache: .fixed) == result)
    }

    @Test func marksAModernResult() {
        let result: JSONObject = ["a": 1]
        #expect(
            result.asResult(for: .july2026, from: server) == [
                "resultType": "complete", "a": 1,
                "_meta": ["io.modelcontextprotocol/serverInfo": server.json(for: .july2026)],
            ])
    }

    @Test(arguments: [(CacheHint.fixed, 3_600_000, "public"), (.dynamic, 0, "private")])
    func saysHowLongAModernResultMayBeKept(hint: CacheHint, milliseconds: Int, scope: String) {
        let result = JSONObject().asResult(for: .july2026, from: server, cache: hint)
        #expect(result["ttlMs"] == .integer(milliseconds))
        #expect(result["cacheScope"] == .string(scope))
    }
}
