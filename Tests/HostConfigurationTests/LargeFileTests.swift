import JSON
import Testing

@testable import HostConfiguration

/// Large files take time in proportion to their size. What grew with its square would take hours here.
@Suite(.timeLimit(.minutes(5))) struct LargeFileTests {
    private let entry: JSON = ["command": "/p"]

    private func rows(_ row: String, _ count: Int = 40_000) -> String {
        String(repeating: row, count: count)
    }

    @Test func jsonOnOneLine() throws {
        let text = "{\"a\": [" + rows(#"{"b": {"c": "some text", "d": {}}}, "#) + "1], \"servers\": {}}"
        let edited = try JSONCEditor(Array(text.utf8)).set(entry, named: "exec", in: "servers")
        #expect(edited.text.hasSuffix(#""servers": {"exec": {"command": "/p"}}}"#))
    }

    @Test func jsonOfCommentsAndTrailingCommas() throws {
        let text =
            "{\"servers\": {\n" + rows("// one\n/* two */ \n") + "\"x\": [" + rows("[1,], // three\n") + "],\n},}"
        let edited = try JSONCEditor(Array(text.utf8)).set(entry, named: "exec", in: "servers")
        #expect(try JSONCEditor(edited.bytes).set(entry, named: "exec", in: "servers").change == .none)
    }

    @Test func toml() throws {
        let text = rows("[mcp_servers.exec.a]\nb = [1, \"\"\"two\"\"\"] # three\n\n", 20_000)
        let edited = try TOMLEditor(Array(text.utf8)).set(["mcp_servers", "exec"], to: "[mcp_servers.exec]\n")
        #expect(edited.text == "[mcp_servers.exec]\n\n")
    }

    @Test func yaml() throws {
        let members = (0..<20_000).map { "  a\($0):\n    - b\n    # c\n" }.joined()
        let text = "extensions:\n" + members + rows("\n# d\n")
        let edited = try YAMLEditor(Array(text.utf8))
            .set(entry, fields: ["command: /p"], named: "exec", in: "extensions")
        #expect(edited.bytes.count == text.utf8.count + "  exec:\n    command: /p\n".utf8.count)
    }
}
