import MCP
import MCPClientTestSupport
import TestSupport
import Testing

@testable import MCPClient

/// Tools whose schema says which arguments are repeated as headers, against the rules.
@Suite(.timeLimit(.minutes(3))) struct ParameterHeaderTests {
    private static let faults: [(schema: String, reason: String)] = [
        (#"{"properties": {"a": {"type": "string", "x-mcp-header": ""}}}"#, "not a valid name"),
        (#"{"properties": {"a": {"type": "string", "x-mcp-header": "a b"}}}"#, "not a valid name"),
        (#"{"properties": {"a": {"type": "string", "x-mcp-header": "é"}}}"#, "not a valid name"),
        (#"{"properties": {"a": {"type": "string", "x-mcp-header": "a\r\nX: y"}}}"#, "not a valid name"),
        (#"{"properties": {"a": {"type": "string", "x-mcp-header": 7}}}"#, "not a valid name"),
        (#"{"properties": {"a": {"type": "string", "x-mcp-header": null}}}"#, "not a valid name"),
        (#"{"properties": {"a": {"type": "number", "x-mcp-header": "A"}}}"#, "not on a string"),
        (#"{"properties": {"a": {"type": "object", "x-mcp-header": "A"}}}"#, "not on a string"),
        (#"{"properties": {"a": {"type": ["string", "null"], "x-mcp-header": "A"}}}"#, "not on a string"),
        (#"{"properties": {"a": {"x-mcp-header": "A"}}}"#, "not on a string"),
        (
            #"{"properties": {"a": {"type": "string", "x-mcp-header": "A"}, "b": {"type": "string", "x-mcp-header": "a"}}}"#,
            "twice"
        ),
        (
            #"{"properties": {"a": {"type": "string", "x-mcp-header": "A"}, "b": {"properties": {"c": {"type": "string", "x-mcp-header": "A"}}}}}"#,
            "twice"
        ),
        (#"{"x-mcp-header": "A"}"#, "isn't on an argument"),
        (#"{"properties": {"a": {"items": {"type": "string", "x-mcp-header": "A"}}}}"#, "isn't on an argument"),
        (#"{"properties": {"a": {"anyOf": [{"type": "string", "x-mcp-header": "A"}]}}}"#, "isn't on an argument"),
        (
            #"{"oneOf": [{"properties": {"a": {"type": "string", "x-mcp-header": "A"}}}]}"#, "isn't on an argument"
        ),
        (#"{"$defs": {"a": {"type": "string", "x-mcp-header": "A"}}}"#, "isn't on an argument"),
        (
            #"{"additionalProperties": {"properties": {"a": {"type": "string", "x-mcp-header": "A"}}}}"#,
            "isn't on an argument"
        ),
    ]
    /// What only looks like the annotation.
    private static let sound = [
        #"{"properties": {"x-mcp-header": {"type": "string"}}}"#,
        #"{"properties": {"a": {"type": "string", "default": {"x-mcp-header": 7}, "x-mcp-header": "A-1"}}}"#,
        #"{"properties": {"a": {"enum": [{"x-mcp-header": ""}]}}, "examples": [{"x-mcp-header": ""}]}"#,
    ]

    private static func script(era: String) -> String {
        let schemas = faults.map(\.schema) + sound
        return """
            era = "\(era)"
            schemas = [json.loads(s) for s in (\(schemas.map { "r'''\($0)'''" }.joined(separator: ", ")),)]
            def answer(h, m):
                if m.get("method") != "tools/list": return usual(h, m)
                h.result({"tools": [{"name": f"t{n}", "inputSchema": s} for n, s in enumerate(schemas)]})
            """
    }

    @Test func aModernServersToolWithAnInvalidHeaderIsLeftOut() async throws {
        let server = try FakeHTTPServer(Self.script(era: "modern"))
        try await server.with { client in
            let tools = try await client.listTools().map(\.name)
            #expect(tools == Self.sound.indices.map { "t\(Self.faults.count + $0)" })
        }
        for (number, fault) in Self.faults.enumerated() {
            let start = "one of its tools is left out: the tool t\(number) has an invalid x-mcp-header: "
            #expect(
                server.remarks.elements.contains { $0.hasPrefix(start) && $0.contains(fault.reason) }, "\(fault.schema)"
            )
        }
    }

    @Test func theAnnotationMeansNothingToAnOlderServer() async throws {
        let server = try FakeHTTPServer(Self.script(era: "legacy"))
        try await server.with { client in
            let tools = try await client.listTools()
            #expect(tools.count == Self.faults.count + Self.sound.count)
        }
        #expect(server.remarks.elements.isEmpty)
    }
}
