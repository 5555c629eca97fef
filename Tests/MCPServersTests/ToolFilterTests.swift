import JSON
import MCP
import TestSupport
import Testing

@testable import MCPServers

/// Which tools of a server are offered, by what hosts have of it in their files.
@Suite(.timeLimit(.minutes(3))) struct ToolFilterTests {
    private static let tools = ["read", "write", "write_all", "search"]

    private func offered(_ text: String, named name: String = "servers.json") throws -> (
        tools: [String], warnings: [String]
    ) {
        var warnings: [String] = []
        let entries = try ServersFile.parse(Array(text.utf8), named: name, variables: [:]) { warnings.append($0) }
        let entry = try #require(entries.first)
        return (Self.tools.filter { entry.tools.allows($0, of: entry.name) }, warnings)
    }

    @Test(arguments: [
        (#""tools": {"notes_write": false}"#, ["read", "write_all", "search"]),
        (#""tools": {"notes_*": false, "notes_read": true}"#, ["read"]), (#""tools": {"notes_read": true}"#, tools),
        (#""tools": {"notes_read": true, "notes_*": false}"#, ["read"]), (#""tools": {"*": false}"#, []),
        (#""tools": {"*": false, "notes*": true}"#, tools), (#""tools": {"write": false, "other_*": false}"#, tools),
        (#""tools": {"exclude": ["write", "run_shell_command(rm)", "notes__read"]}"#, ["write_all", "search"]),
        (#""tools": {"core": ["x"], "sandbox": true}"#, tools),
        (#""excludeTools": ["search"]"#, ["read", "write", "write_all"]),
        (#""permission": {"notes_write*": "deny", "bash": {"rm *": "deny"}, "edit": "ask"}"#, ["read", "search"]),
        (#""permission": "allow""#, tools),
        (
            #""permissions": {"deny": ["mcp__notes__read", "Bash(rm:*)"]}"#,
            ["write", "write_all", "search"]
        ),
        (#""permissions": {"deny": ["mcp__notes"], "allow": ["mcp__notes__read"]}"#, []),
        (#""permissions": {"deny": ["read", "mcp__other"]}"#, tools),
        (#""amp.tools.disable": ["mcp__notes__write*", "builtin:read"]"#, ["read", "search"]),
        (#""tools": null, "permission": null, "excludeTools": null"#, tools),
    ])
    func offersWhatTheRestOfTheFileLeavesOn(members: String, expected: [String]) throws {
        let found = try offered(
            #"{"mcpServers": {"notes": {"command": "npx"}}, MEMBERS}"#.replacing("MEMBERS", with: members))
        #expect(found.tools == expected)
        #expect(found.warnings.isEmpty)
    }

    @Test func knowsAServersNameAsHostsWriteIt() throws {
        let found = try offered(
            #"{"mcp": {"my notes": {"command": ["npx"]}}, "tools": {"my_notes_write*": false, "my notes_search": false}}"#
        )
        #expect(found.tools == ["read"])
    }

    @Test(arguments: [
        (#""includeTools": ["read"]"#, ["read"]),
        (#""includeTools": ["read(path)", "nothing"]"#, ["read"]),
        (#""includeTools": []"#, []),
        (#""includeTools": null"#, tools),
        (#""excludeTools": ["write"]"#, ["read", "write_all", "search"]),
        (#""includeTools": ["read", "write"], "excludeTools": ["write"]"#, ["read"]),
        (#""disabledTools": ["write", "search"]"#, ["read", "write_all"]),
        (#""disabledTools": []"#, tools),
        (#""disabledTools": ["write*"], "alwaysAllow": ["read"]"#, ["read", "search"]),
        (#""enabled_tools": ["read", "search"], "disabled_tools": ["search"]"#, ["read"]),
        (#""available_tools": ["search"]"#, ["search"]),
        (#""available_tools": []"#, tools),
        (#""allowedTools": ["notes_read", "mcp__notes__search"]"#, ["read", "search"]),
        (#""disabledTools": ["notes_write*", "other_read"]"#, ["read", "search"]),
        (#""tools": ["*"]"#, tools),
        (#""tools": ["read"]"#, ["read"]),
        (#""tools": {}"#, tools),
        (#""tools": {"write": false}"#, ["read", "write_all", "search"]),
        (#""tools": {"read": true, "write": false}"#, ["read"]),
        (#""tools": {"*": false, "read": true}"#, ["read"]),
        (#""tools": {"*": true, "write*": false}"#, ["read", "search"]),
        (#""tools": {"write": {"enabled": false}, "read": {"enabled": true}}"#, ["read", "write_all", "search"]),
        (
            #""tools": {"write": {"disabled": "yes"}, "read": {"approval_mode": "prompt"}}"#,
            ["read", "write_all", "search"]
        ),
        (#""tools": {"include": ["read", "write"], "exclude": ["write"], "prompts": true}"#, ["read"]),
        (#""config": {"args": [], "disabledTools": ["read"]}"#, ["write", "write_all", "search"]),
    ])
    func offersWhatTheEntryLeavesOn(members: String, expected: [String]) throws {
        let found = try offered(
            #"{"mcpServers": {"notes": {"command": "npx", MEMBERS}}}"#.replacing("MEMBERS", with: members))
        #expect(found.tools == expected)
        #expect(found.warnings.isEmpty)
    }

    @Test(arguments: [
        (
            "config.toml",
            """
            [mcp_servers.notes]
            command = "npx"
            enabled_tools = ["read", "write"]
            disabled_tools = ["write"]
            """
        ),
        (
            "config.yaml",
            """
            extensions:
              notes:
                type: stdio
                cmd: npx
                available_tools:
                  - read
            """
        ),
    ])
    func readsTheListsInEveryNotation(name: String, text: String) throws {
        let found = try offered(text, named: name)
        #expect(found.tools == ["read"])
        #expect(found.warnings.isEmpty)
    }

    @Test(arguments: [
        (#""disabledTools": "write""#, "disabledTools must be an array of strings, not a string"),
        (#""enabled_tools": true"#, "enabled_tools must be an array of strings"),
        (#""excludeTools": {"write": true}"#, "excludeTools must be an array of strings, not an object"),
        (#""disabled_tools": ["write", 3]"#, "each of disabled_tools must be a string"),
        (#""available_tools": [["read"]]"#, "each of available_tools must be a string, not an array"),
        (#""tools": "read""#, "tools must be an array of strings"),
        (#""tools": {"write": "never"}"#, "tools.write must be true or false"),
        (#""tools": {"write": {"enabled": []}}"#, "tools.write.enabled must be true or false"),
        (#""tools": {"some": ["write"]}"#, "tools.some must be true or false"),
    ])
    func offersNothingWhereItCannotTell(members: String, warning: String) throws {
        let found = try offered(
            #"{"mcpServers": {"notes": {"command": "npx", MEMBERS}}}"#.replacing("MEMBERS", with: members))
        #expect(found.tools.isEmpty)
        #expect(found.warnings.count == 1)
        #expect(found.warnings[0].hasPrefix("mcpServers.notes: \(warning)"))
        #expect(found.warnings[0].hasSuffix("none of its tools is offered"))
    }
}
