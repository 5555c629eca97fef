import JSON
import MCP
import Testing

/// What is written for a revision has the fields that it knows, and no other.
@Suite struct FieldsByRevisionTests {
    private let tool = Tool(
        name: "n", title: "T", description: "d", inputSchema: ["type": "object"],
        outputSchema: ["type": "object", "properties": [:]], annotations: ["readOnlyHint": true],
        icons: [Icon(svg: "<svg/>")])
    private let server = Implementation(
        name: "n", title: "T", version: "1", summary: "s", websiteURL: "https://example.org/n",
        icons: [Icon(svg: "<svg/>")])
    private let icons: JSON = [["src": "data:image/svg+xml;base64,PHN2Zy8+"]]

    @Test(arguments: [
        (Revision.november2024, ["name", "description", "inputSchema"]),
        (.march2025, ["name", "description", "inputSchema", "annotations"]),
        (.june2025, ["name", "title", "description", "inputSchema", "outputSchema", "annotations"]),
        (.november2025, ["name", "title", "description", "inputSchema", "outputSchema", "annotations", "icons"]),
        (.july2026, ["name", "title", "description", "inputSchema", "outputSchema", "annotations", "icons"]),
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
        (.june2025, ["name", "title", "version"]),
        (.november2025, ["name", "title", "version", "description", "websiteUrl", "icons"]),
        (.july2026, ["name", "title", "version", "description", "websiteUrl", "icons"]),
    ])
    func writesAnImplementation(revision: Revision, keys: [String]) {
        let json = server.json(for: revision)
        #expect(json.objectValue?.keys == keys)
        #expect(json["icons"] == (revision >= .november2025 ? .some(icons) : .none))
        #expect(json["websiteUrl"]?.stringValue == (revision >= .november2025 ? "https://example.org/n" : .none))
    }

    @Test(arguments: [
        (Revision.november2024, ["name", "description"]), (.march2025, ["name", "description"]),
        (.june2025, ["name", "title", "description"]), (.november2025, ["name", "title", "description", "icons"]),
        (.july2026, ["name", "title", "description", "icons"]),
    ])
    func writesAPrompt(revision: Revision, keys: [String]) {
        let prompt = Prompt(name: "n", title: "T", description: "d", icons: [Icon(svg: "<svg/>")])
        #expect(prompt.json(for: revision).objectValue?.keys == keys)
    }

    @Test(arguments: Revision.allCases)
    func writesAResource(revision: Revision) {
        let resource = Resource(
            uri: "a:///b", name: "b", title: "B", description: "d", mediaType: "text/plain", size: 7,
            modified: 1_795_268_096)
        let isLater = revision >= .june2025
        let expected: [String?] = [
            "uri", "name", isLater ? "title" : nil, "description", "mimeType", "size", isLater ? "annotations" : nil,
        ]
        let json = resource.json(for: revision)
        #expect(json.objectValue?.keys == expected.compactMap { $0 })
        #expect(json["annotations"]?["lastModified"]?.stringValue == (isLater ? "2026-11-21T13:34:56Z" : .none))
        #expect(Resource(uri: "a:///b", name: "b", mediaType: "x/y").json(for: revision).objectValue?.count == 3)
    }

    @Test(arguments: Revision.allCases)
    func writesAResourceTemplate(revision: Revision) {
        let template = ResourceTemplate(uriTemplate: "a:///{b}", name: "n", title: "T", description: "d")
        let expected: JSONObject =
            revision >= .june2025
            ? ["uriTemplate": "a:///{b}", "name": "n", "title": "T", "description": "d"]
            : ["uriTemplate": "a:///{b}", "name": "n", "description": "d"]
        #expect(template.json(for: revision) == .object(expected))
    }

    @Test(arguments: [
        (Array("h\u{e9}\r\n".utf8), "text", "h\u{e9}\r\n"), ([], "text", ""), ([0x61, 0, 0x62], "blob", "YQBi"),
        ([0xFF, 0xFE], "blob", "//4="),
    ])
    func writesContentsAsTextOrAsABlob(bytes: [UInt8], key: String, value: String) {
        let json = ResourceContents(uri: "a:///b", mediaType: "x/y", bytes: bytes).json
        #expect(json == ["uri": "a:///b", "mimeType": "x/y", key: .string(value)])
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
                "_meta": ["io.modelcontextprotocol/serverInfo": ["name": "n", "title": "T", "version": "1"]],
            ])
    }

    @Test func keepsWhatAModernResultHasInItsMetadata() {
        let result: JSONObject = ["_meta": ["own": 1]]
        let meta = result.asResult(for: .july2026, from: server, type: "task")["_meta"]
        #expect(meta?["own"] == 1)
        #expect(meta?["io.modelcontextprotocol/serverInfo"]?["name"] == "n")
    }

    @Test(arguments: [(CacheHint.fixed, 3_600_000, "public"), (.dynamic, 0, "private")])
    func saysHowLongAModernResultMayBeKept(hint: CacheHint, milliseconds: Int, scope: String) {
        let result = JSONObject().asResult(for: .july2026, from: server, cache: hint)
        #expect(result["ttlMs"] == .integer(milliseconds))
        #expect(result["cacheScope"] == .string(scope))
    }
}
