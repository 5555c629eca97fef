import JSON
import MCP
import MCPClient
import MCPClientTestSupport
import TestSupport
import Testing

/// Servers that are odd in a part of what they say: only that part is lost, and it is said.
@Suite(.timeLimit(.minutes(3))) struct OddServerTests {
    private let server = FakeServer()

    /// What a server lists, and what is left of it.
    struct ListCase: Sendable {
        /// An expression for the tools of a page; `n` is its number.
        let tools: String
        /// An expression for the rest of the page.
        var rest = "{}"
        let names: [String]
        /// Part of the only remark; `nil` where there is nothing to say.
        let remark: String?
    }

    private static let good = "{'name': f'good{n}', 'inputSchema': {'type': 'object'}}"

    @Test(arguments: [
        // A tool.
        ListCase(tools: "[{'name': 'a'}, GOOD]", names: ["a", "good1"], remark: "the tool a lacks inputSchema"),
        ListCase(
            tools: "[GOOD, {'name': 'a', 'inputSchema': None}]", names: ["good1", "a"], remark: "lacks inputSchema"),
        ListCase(tools: "[{'name': 'a', 'inputSchema': 'x'}, GOOD]", names: ["a", "good1"], remark: "not a string"),
        ListCase(tools: "[{'name': 'a', 'inputSchema': [1]}, GOOD]", names: ["a", "good1"], remark: "not an array"),
        ListCase(tools: "[{'name': 'a', 'inputSchema': '{}'}, GOOD]", names: ["a", "good1"], remark: nil),
        ListCase(tools: "[{'name': 'a', 'input_schema': {}}, GOOD]", names: ["a", "good1"], remark: nil),
        // A map, and one without its list.
        ListCase(tools: "{}", names: [], remark: nil),
        ListCase(
            tools: "{'a': {'inputSchema': {}}, 'b': {'name': 'c', 'inputSchema': {}}}", names: ["a", "c"], remark: nil),
        ListCase(tools: "{'a': {'inputSchema': {}}, 'b': 7}", names: ["a"], remark: "not an integer"),
        ListCase(tools: "GOOD", names: ["good1"], remark: nil),
        ListCase(tools: "[{'inputSchema': {}}, GOOD]", names: ["good1"], remark: "a tool lacks name"),
        ListCase(tools: "[{'name': '', 'inputSchema': {}}, GOOD]", names: ["good1"], remark: "without a name"),
        ListCase(tools: "[{'name': 7, 'inputSchema': {}}, GOOD]", names: ["good1"], remark: "not an integer"),
        ListCase(tools: "[None, GOOD]", names: ["good1"], remark: "not null"),
        ListCase(tools: "['a', GOOD]", names: ["good1"], remark: "not a string"),
        ListCase(tools: "[{'name': 'a'}] * 3", names: ["a"], remark: "lacks inputSchema"),
        ListCase(tools: "[GOOD, GOOD]", names: ["good1"], remark: nil),
        // What only describes it.
        ListCase(
            tools: "[{'name': 'a', 'inputSchema': [], 'title': 7, 'description': ['x'], 'annotations': 'x', "
                + "'outputSchema': True}, GOOD]", names: ["a", "good1"], remark: nil),
        ListCase(tools: "None", names: [], remark: nil),
        // The next page.
        ListCase(tools: "[GOOD]", rest: "{'nextCursor': ''}", names: ["good1"], remark: nil),
        ListCase(tools: "[GOOD]", rest: "{'nextCursor': None}", names: ["good1"], remark: nil),
        ListCase(
            tools: "[GOOD]", rest: "{'nextCursor': 7}", names: ["good1"], remark: "must be a string, not an integer"),
        ListCase(
            tools: "[GOOD]", rest: "{'nextCursor': {}}", names: ["good1"], remark: "must be a string, not an object"),
        ListCase(
            tools: "[GOOD]", rest: "{'nextCursor': 'same'}", names: ["good1", "good2"], remark: "repeats a cursor"),
        ListCase(
            tools: "[GOOD]", rest: "{'nextCursor': 'ab'[n % 2]}", names: ["good1", "good2", "good3"],
            remark: "repeats a cursor"),
        ListCase(
            tools: "[GOOD]", rest: "{'nextCursor': str(n)} if n < 3 else {'tools': 'x'}", names: ["good1", "good2"],
            remark: "a page of its tools is left out: tools of the answer to tools/list must be an array"),
        ListCase(
            tools: "[GOOD]", rest: "{'nextCursor': str(n)} if n < 3 else fail(m)", names: ["good1", "good2"],
            remark: "a page of its tools is left out: Invalid cursor"),
        // Two ways to spell one character are two cursors.
        ListCase(
            tools: "[GOOD]", rest: "{'nextCursor': {1: 'caf\\u00e9', 2: 'cafe\\u0301'}.get(n)}",
            names: ["good1", "good2", "good3"], remark: nil),
        // Without end.
        ListCase(
            tools: "[GOOD]", rest: "{'nextCursor': str(n)}", names: (1...20).map { "good\($0)" },
            remark: "more than 20 pages"),
        ListCase(
            tools: "[{'name': f'a{i}', 'inputSchema': {}} for i in range(500)]", names: (0..<100).map { "a\($0)" },
            remark: "more than 100 tools"),
    ])
    func onlyTheOddPartOfAListIsLost(listed: ListCase) async throws {
        let script = """
            n = 0
            def fail(message):
                send({"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32602, "message": "Invalid cursor"}})
                return {}
            def handle(m):
                global n
                n += 1
                answer(m, {"tools": \(listed.tools.replacing("GOOD", with: Self.good)), **(\(listed.rest))})
            serve(handle)
            """
        let limits = ClientLimits.patient {
            $0.pages = 20
            $0.elements = 100
        }
        try await server.with(script, limits: limits) { client in
            let names = try await client.listTools().map(\.name)
            #expect(names == listed.names)
        }
        let remarks = server.remarks.elements
        #expect(remarks.count == (listed.remark == nil ? 0 : 1), "\(remarks)")
        if let part = listed.remark { #expect(remarks.first?.contains(part) == true, "\(remarks)") }
    }

    @Test(arguments: [
        ("[GOOD, {'name': 'a', 'inputSchema': {'x': 'DEEP200'}}, {'name': 'b', 'inputSchema': {}}]", ["good1", "b"]),
        ("[{'name': 'a', 'inputSchema': {}, '_meta': 'DEEP100000'}, GOOD]", ["good1"]),
        ("[{'name': 'a', 'inputSchema': {'x': 'DEEP100'}}, GOOD]", ["a", "good1"]),
        ("[{'name': 'a', 'inputSchema': {'x': 'DEEP200', 'y': float('nan')}}, GOOD]", ["good1"]),
    ])
    func aToolThatIsNestedTooDeeplyCostsNoOther(tools: String, names: [String]) async throws {
        let script = """
            n = 1
            def handle(m):
                result = {"tools": \(tools.replacing("GOOD", with: Self.good)), "content": [], "structuredContent": "DEEP200"}
                line = json.dumps({"jsonrpc": "2.0", "id": m["id"], "result": result})
                for levels in [200, 100000, 100]:
                    line = line.replace(f'"DEEP{levels}"', '{"a":' * levels + '"}"' + "}" * levels)
                print(line, flush=True)
            serve(handle)
            """
        try await server.with(script) { client in
            let found = try await client.listTools().map(\.name)
            #expect(found == names)
            // What a call returns must be whole.
            await #expect(throws: MCPClientError.self) { try await client.callTool("b", [:], timeLimit: 60) }
        }
        let remarks = server.remarks.elements.filter { !$0.contains("not valid JSON") }
        let remark = "one of its tools is left out: a is nested deeper than 128 levels"
        #expect(remarks == (names.contains("a") ? [] : [remark]))
    }

    @Test(arguments: [
        ("{}", []), ("{'content': None}", []), ("{'content': []}", []),
        ("{'content': 'plain'}", ["plain"]), ("{'content': ['plain', GOOD]}", ["plain", "good"]),
        ("{'content': GOOD}", ["good"]),
        (
            "{'content': [{'type': 'text'}, GOOD]}",
            ["[Content that cannot be read, because a content block lacks text: {\"type\":\"text\"}]", "good"]
        ),
        (
            "{'content': [GOOD, {'type': 'text', 'text': 7}]}",
            [
                "good",
                "[Content that cannot be read, because text of a content block must be a string, not an integer: "
                    + #"{"type":"text","text":7}]"#,
            ]
        ),
        ("{'content': [{'text': 'plain'}, GOOD]}", ["plain", "good"]),
        ("{'content': [{'type': 'Text', 'text': 'plain'}, GOOD]}", ["plain", "good"]),
        ("{'content': [GOOD, {}]}", ["good", "[Content that cannot be read, because a content block lacks type: {}]"]),
        (
            "{'content': [None, GOOD]}",
            ["[Content that cannot be read, because a content block must be an object, not null: null]", "good"]
        ),
        (
            "{'content': [{'type': 'image', 'data': '?', 'mimeType': 'image/png'}, GOOD]}",
            [
                "[Content that cannot be read, because data of a content block must be base64: "
                    + #"{"type":"image","data":"?","mimeType":"image/png"}]"#, "good",
            ]
        ),
        (
            "{'content': [{'type': 'resource', 'resource': {'uri': 'a:///b'}}, GOOD]}",
            [
                "[Content that cannot be read, because the content of a resource lacks blob: "
                    + #"{"type":"resource","resource":{"uri":"a:///b"}}]"#, "good",
            ]
        ),
        ("{'content': [{'type': 'resource', 'resource': {'text': 'x'}}]}", ["a resource (text/plain):\nx"]),
        ("{'content': [{'type': 'text', 'text': 'half \\ud83d'}, GOOD]}", ["half \u{FFFD}", "good"]),
    ])
    func onlyTheOddPartOfAResultIsLost(result: String, texts: [String]) async throws {
        let good = "{'type': 'text', 'text': 'good'}"
        let script = "serve(lambda m: answer(m, \(result.replacing("GOOD", with: good))))"
        try await server.with(script) { client in
            for _ in 0..<2 {
                let found = try await client.callTool("t", [:], timeLimit: 60)
                #expect(found.content == texts.map(ContentBlock.text))
                #expect(!found.isError)
            }
        }
        let isOdd = texts.contains { $0.hasPrefix("[Content that cannot be read") }
        #expect(server.remarks.elements.count == (isOdd ? 1 : 0), "\(server.remarks.elements)")
    }

    @Test(arguments: [
        ("True", true), ("False", false), ("None", false), ("'true'", true), ("'True'", true), ("'yes'", false),
        ("1", true), ("0", false),
    ])
    func aFailureIsWhatIsCalledOne(value: String, isError: Bool) async throws {
        try await server.with("serve(lambda m: answer(m, {'content': [], 'isError': \(value)}))") { client in
            let found = try await client.callTool("t", [:], timeLimit: 60).isError
            #expect(found == isError)
        }
    }

    @Test(arguments: ["AQL7/w==", "AQL7/w", "AQL7_w", "AQL7\\n/w==", "data:image/png;base64,AQL7/w=="])
    func readsBase64HoweverItIsWritten(data: String) async throws {
        let block = "{'type': 'image', 'data': '\(data)'}"
        try await server.with("serve(lambda m: answer(m, {'content': [\(block)]}))") { client in
            let result = try await client.callTool("t", [:], timeLimit: 60)
            #expect(result.content == [.image(data: [1, 2, 0xFB, 0xFF], mediaType: "application/octet-stream")])
        }
    }

    @Test func onlyTheOddPartsOfPromptsAndResourcesAreLost() async throws {
        let script = """
            def handle(m):
                good = {"type": "text", "text": "good"}
                answer(m, {
                    "prompts/list": {"prompts": [{"title": "x"}, {"name": "p", "description": 7}]},
                    "prompts/get": {"messages": [
                        7, {"role": "user"}, {"content": good}, {"role": "user", "content": [good, good]},
                        {"role": "user", "content": "plain"}]},
                    "resources/list": {"resources": [{"name": "x"}, {"uri": "a:///b", "mimeType": None, "name": 7}]},
                    "resources/read": {"contents": [{"uri": "a:///b"}, {"text": "x"}]},
                }[m["method"]])
            serve(handle)
            """
        try await server.with(script) { client in
            let prompts = try await client.listPrompts().map(\.name)
            #expect(prompts == ["p"])
            let said = try await client.getPrompt("p").map(\.content)
            #expect(said == ["good", "good", "good", "plain"].map(ContentBlock.text))
            let resources = try await client.listResources().map(\.uri)
            #expect(resources == ["a:///b"])
            let contents = try await client.readResource("a:///b").map(\.bytes)
            #expect(contents == [Array("x".utf8)])
        }
        #expect(server.remarks.elements.count == 5, "\(server.remarks.elements)")
    }

    @Test func aListTakesNoLongerThanOneRequestMay() async throws {
        let script = """
            count = 0
            def handle(m):
                global count
                count += 1
                if count > 1: return
                answer(m, {"tools": [{"name": "a", "inputSchema": {}}], "nextCursor": "more"})
            serve(handle)
            """
        try await server.with(script, limits: .patient { $0.requestSeconds = 2 }) { client in
            let names = try await client.listTools().map(\.name)
            #expect(names == ["a"])
        }
        #expect(server.remarks.elements.count == 1)
    }

    @Test func aServerThatAsksAndDoesNotReadGetsNoMoreAnswers() async throws {
        let script = """
            def handle(message):
                if message.get("method") != "tools/call": return
                for number in range(5000):
                    send({"jsonrpc": "2.0", "id": "x" * 1000 + str(number), "method": "ping"})
                answer(message, text("done"))
            serve(handle)
            """
        try await server.with(script, limits: .patient { $0.unreadAnswers = 10 }) { client in
            let first = try await client.text("t")
            #expect(first == "done")
            #expect(server.remarks.elements == ["it sends requests faster than it reads the answers; some get none"])
            let second = try await client.text("t")
            #expect(second == "done")
        }
    }

    @Test func whatAServerSaysOfItselfDoesNotFillTheLog() async throws {
        let script = """
            def handle(m):
                answer(m, {"tools": [{"title": f"tool {number}", "name": number} for number in range(5000)]})
            serve(handle)
            """
        try await server.with(script) { client in
            let isEmpty = try await client.listTools().isEmpty
            #expect(isEmpty)
        }
        #expect(server.remarks.elements.count <= 50)
    }
}
