import JSON
import Testing

@testable import MCPServers

/// Servers that one program hands to another.
@Suite struct ResolvedServersTests {
    private static let file = """
        {"mcp": {"excluded": ["off"]}, "tools": {"git_*": false, "git_log": true, "exclude": ["secret"]},
         "permissions": {"deny": ["mcp__time__now"]},
         "mcpServers": {
           "git": {"command": "git-server", "args": ["a b"], "env": {"K": "${V}"}, "cwd": "/w", "startup_timeout_sec": 3,
                   "enabledTools": ["git_log", "git_show", "x*"], "disabledTools": ["xy"], "exec-mcp": {"idle": 0}},
           "time": {"command": "t", "tools": {"include": ["now", "then"], "exclude": ["then"]}},
           "broken": {"command": "b", "tools": 7},
           "web": {"url": "http://127.0.0.1:9/mcp?key=${W:-w}", "headers": {"Authorization": "Bearer ${W:-w}", "X-A": "b"}},
           "off": {"command": "off"}}}
        """

    @Test func theyAreTheSameAgainWithTheirFilters() throws {
        let entries = try ServersFile.parse(
            Array(Self.file.utf8), variables: ["V": "${NOT} {env:THIS} \"\u{1}"],
            references: HostReferences(settings: "exec-mcp"))
        #expect(entries.map(\.name) == ["git", "time", "broken", "web"])
        let text = ResolvedServers.text(of: entries)
        let again = try ServersFile.parse(text, variables: [:]) { Issue.record("\($0)") }
        #expect(again == entries)
        for (entry, other) in zip(entries, again) {
            for tool in ["git_log", "git_show", "xa", "xy", "now", "then", "secret", "anything"] {
                #expect(
                    other.tools.allows(tool, of: other.name) == entry.tools.allows(tool, of: entry.name), "\(tool)")
            }
        }
    }

    @Test func nothingOfAnEntryIsLeftOut() {
        let properties = Mirror(reflecting: ToolServerEntry(name: "a", command: "a")).children.compactMap(\.label)
        #expect(
            Set(properties) == [
                "name", "command", "arguments", "environment", "workingDirectory", "startSeconds", "tools", "settings",
                "url", "headers", "referencedValues",
            ], "ResolvedServers must write and read every property")
    }

    @Test(arguments: [
        #"[7]"#, #"[{"name": "a", "command": "a"}]"#,
        #"[{"name": "a", "command": "a", "args": [1], "env": {}, "headers": {}, "referencedValues": {}, "tools": {}}]"#,
        #"[{"name": "a", "command": "a", "args": [], "env": {"K": 1}, "headers": {}, "referencedValues": {}, "tools": {"allowances": [], "denials": [], "switches": []}}]"#,
        #"[{"name": "a", "command": "a", "args": [], "env": {}, "headers": {"K": 1}, "referencedValues": {}, "tools": {"allowances": [], "denials": [], "switches": []}}]"#,
        #"[{"name": "a", "command": "a", "args": [], "env": {}, "headers": {}, "referencedValues": {}, "tools": {"allowances": [7], "denials": [], "switches": []}}]"#,
        #"[{"name": "a", "command": "a", "args": [], "env": {}, "headers": {}, "referencedValues": {}, "tools": {"allowances": [], "denials": [], "switches": [{}]}}]"#,
        #"[{"name": "a", "command": "a", "args": [], "env": {}, "headers": {}, "referencedValues": {"K": 1}, "tools": {"allowances": [], "denials": [], "switches": []}}]"#,
    ])
    func anotherFormIsRefusedAsAWhole(entries: String) {
        #expect(
            throws: ServerConfigurationError(message: "its exec-mcp-servers were written by another version")
        ) { try ServersFile.parse(Array(#"{"exec-mcp-servers": \#(entries)}"#.utf8), variables: [:]) }
    }
}
