import JSON
import MCP
import TestSupport
import Testing

@testable import MCPClient

/// What is made of a server's answers.
@Suite struct ResultTests {
    @Test func readsATool() throws {
        let tool = try Tool(answered: [
            "name": "t", "title": "T", "description": "does", "inputSchema": ["type": "object"],
            "outputSchema": ["type": "string"], "annotations": ["readOnlyHint": true], "icons": [],
        ])
        #expect(
            tool
                == Tool(
                    name: "t", title: "T", description: "does", inputSchema: ["type": "object"],
                    outputSchema: ["type": "string"], annotations: ["readOnlyHint": true]))
        let bare = try Tool(answered: ["name": "t", "inputSchema": [:], "description": nil, "title": nil])
        #expect(bare.title == "t")
        #expect(bare.description.isEmpty)
        #expect(bare.outputSchema == nil)
        #expect(bare.annotations.isEmpty)
    }

    @Test(
        arguments: [
            (["type": "text", "text": "a\u{0}b"], .text("a\u{0}b")),
            (
                ["type": "image", "data": "AQI=", "mimeType": "image/png"],
                .image(data: [1, 2], mediaType: "image/png")
            ),
            (
                ["type": "resource_link", "uri": "a:///b", "name": "b", "mimeType": "text/csv", "size": 7],
                .resourceLink(uri: "a:///b", name: "b", mediaType: "text/csv", size: 7)
            ),
            (
                ["type": "resource_link", "uri": "a:///b"],
                .resourceLink(uri: "a:///b", name: "a:///b", mediaType: "application/octet-stream", size: nil)
            ),
            (
                ["type": "resource_link", "uri": "a:///b", "name": "b", "size": -1],
                .resourceLink(uri: "a:///b", name: "b", mediaType: "application/octet-stream", size: nil)
            ),
            (
                ["type": "resource_link", "uri": "a:///b", "name": "b", "size": 1e300],
                .resourceLink(uri: "a:///b", name: "b", mediaType: "application/octet-stream", size: nil)
            ),
            (
                ["type": "audio", "data": "AQI=", "mimeType": "audio/wav"],
                .text("[Audio, audio/wav, 2 bytes: it cannot be played here.]")
            ),
            (
                ["type": "resource", "resource": ["uri": "a:///b", "mimeType": "text/csv", "text": "1,2"]],
                .text("a:///b (text/csv):\n1,2")
            ),
            (
                ["type": "resource", "resource": ["uri": "a:///b", "mimeType": "image/gif", "blob": "AQI="]],
                .image(data: [1, 2], mediaType: "image/gif")
            ),
            (
                ["type": "resource", "resource": ["uri": "a:///b", "blob": "/w=="]],
                .text("[a:///b (application/octet-stream), 1 bytes that aren't text.]")
            ),
            (
                ["type": "hologram", "x": 1],
                .text(#"[Content of the unknown type hologram: {"type":"hologram","x":1}]"#)
            ),
        ] as [(JSON, ContentBlock)])
    func readsEveryKindOfContent(value: JSON, block: ContentBlock) throws {
        #expect(try ContentBlock(answered: value) == block)
    }

    @Test func readsBackWhatAServerOfOursWrites() throws {
        let blocks: [ContentBlock] = [
            .text("é\n"), .image(data: Array(0...255), mediaType: "image/png"),
            .resourceLink(uri: "artifact:///a%20b", name: "a b", mediaType: "text/plain", size: 0),
        ]
        var remarks: [String] = []
        let result = ToolResult(content: blocks, structuredContent: ["exit_code": 0], isError: true)
        #expect(ToolResult(answered: result.members(for: .july2026)) { remarks.append($0) } == result)
        for bytes in [Array("text".utf8), [0xFF, 0, 1], []] as [[UInt8]] {
            let contents = ResourceContents(uri: "a:///b", mediaType: "x/y", bytes: bytes)
            let read = try ResourceContents.all(answered: ["contents": [contents.json]]) { remarks.append($0) }
            #expect(read == [contents])
        }
        let resource = Resource(
            uri: "a:///b", name: "b", title: "B", description: "d", mediaType: "text/plain", size: 3)
        #expect(try Resource(answered: resource.json(for: .july2026)) == resource)
        let prompt = Prompt(name: "p", title: "P", description: "d")
        #expect(try Prompt(answered: prompt.json(for: .july2026)) == prompt)
        #expect(remarks.isEmpty)
    }

    @Test(
        arguments: [
            ([:], true), (["listChanged": true], true), (true, true), ([], true), (false, false), (nil, false),
        ] as [(JSON, Bool)])
    func takesAServersWordForWhatItOffers(value: JSON, isOffered: Bool) {
        let server = ServerDescription(
            revision: .july2026, name: "s", capabilities: ["tools": value], instructions: nil)
        #expect(server.offers("tools") == isOffered)
        #expect(!server.offers("prompts"))
    }

    @Test func cutsTextThatIsOneLongCharacter() {
        let accents = String(repeating: "\u{301}", count: 10_000)
        #expect("e\(accents)".beginning(100).utf8.count == 199)
        #expect("short".beginning(100) == "short")
    }

    @Test func readsTheMessagesOfAPrompt() throws {
        let messages = try PromptMessage.all(
            answered: [
                "messages": [
                    ["role": "user", "content": ["type": "text", "text": "a"]],
                    ["role": "assistant", "content": ["type": "text", "text": "b"]],
                ]
            ], remark: { _ in })
        #expect(
            messages == [
                PromptMessage(role: "user", content: .text("a")), PromptMessage(role: "assistant", content: .text("b")),
            ])
    }

    /// Values of every kind in the place of every member: an error or a result, and never more.
    @Test func survivesAnyValueAnywhere() {
        var random = SplitMix64(seed: 11)
        let names = [
            "name", "type", "text", "data", "mimeType", "uri", "resource", "blob", "size", "content", "isError",
            "contents", "messages", "role", "inputSchema", "title", "annotations",
        ]
        func value(_ depth: Int) -> JSON {
            switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &random) {
            case 0: .null
            case 1: .bool(true)
            case 2: .integer(.random(in: .min ... .max, using: &random))
            case 3: .double(random.pick([-1.5, 1e300, .infinity, .nan]))
            case 4: .string(random.pick(["text", "image", "resource", "resource_link", "audio", "", "AAAA"]))
            case 5: .string("")
            case 6: .array((0..<3).map { _ in value(depth - 1) })
            default: .object(object(depth - 1))
            }
        }
        func object(_ depth: Int) -> JSONObject {
            (0..<6).reduce(into: JSONObject()) { object, _ in object[random.pick(names)] = value(depth) }
        }
        var taken = 0
        for _ in 0..<20_000 {
            let members = object(4)
            taken += (try? Tool(answered: .object(members))) == nil ? 0 : 1
            taken += (try? ContentBlock(answered: .object(members))) == nil ? 0 : 1
            taken += ToolResult(answered: members) { _ in }.content.isEmpty ? 0 : 1
            taken += (try? ResourceContents.all(answered: members) { _ in }) == nil ? 0 : 1
            taken += (try? PromptMessage.all(answered: members) { _ in }) == nil ? 0 : 1
            taken += (try? Resource(answered: .object(members))) == nil ? 0 : 1
            taken += (try? Prompt(answered: .object(members))) == nil ? 0 : 1
        }
        #expect(taken > 0)
    }
}
