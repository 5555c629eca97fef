import Testing

@testable import MCPServers

@Suite struct ServersFileTests {
    private let variables = ["HOME": "/home/ann", "EMPTY": "", "KEY_2": "secret"]

    private func parse(_ text: String) throws -> [ToolServerEntry] {
        try ServersFile.parse(Array(text.utf8), variables: variables)
    }

    /// What is read of a file, and what is said to be left out.
    private func read(_ text: String) throws -> (entries: [ToolServerEntry], warnings: [String]) {
        var warnings: [String] = []
        let entries = try ServersFile.parse(Array(text.utf8), variables: variables) { warnings.append($0) }
        return (entries, warnings)
    }

    @Test func readsTheFormThatHostsShare() throws {
        let servers = try parse(
            """
            {"other": 1, "mcpServers": {
              "second one": {"type": "stdio", "command": "/opt/b", "args": ["-x", "a b", "${HOME}/c"],
                "env": {"KEY": "${KEY_2}", "PLAIN": "$HOME"}, "cwd": "/tmp", "autoApprove": ["x"]},
              "a": {"command": "a"},
              "off": {"command": "b", "disabled": true},
              "on": {"command": "c", "disabled": false}
            }}
            """)
        #expect(
            servers == [
                ToolServerEntry(
                    name: "second one", command: "/opt/b", arguments: ["-x", "a b", "/home/ann/c"],
                    environment: ["KEY": "secret", "PLAIN": "$HOME"], workingDirectory: "/tmp"),
                ToolServerEntry(name: "a", command: "a"), ToolServerEntry(name: "on", command: "c"),
            ])
    }

    @Test(arguments: [
        ("", "not valid JSON: there is nothing in it"), ("// nothing", "there is nothing in it"),
        ("{\n\"mcpServers\": }", "not valid JSON: line 2"), ("{} x", "not valid JSON: line 1"),
        ("{/* }", "a comment does not end"), ("[]", "mcpServers"), (#"{"mcpServers": "x"}"#, "mcpServers"),
        (#"{"name": "x", "version": {}}"#, "mcpServers"),
    ])
    func saysWhyAFileIsNone(text: String, part: String) {
        let error = #expect(throws: ServerConfigurationError.self) { try parse(text) }
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [
        ("1", "it must be an object, not an integer"), ("null", "it must be an object, not null"),
        ("{}", "it lacks command"), (#"{"command": ""}"#, "lacks command"), (#"{"command": null}"#, "lacks command"),
        (#"{"command": 7}"#, "command must be a string, not an integer"),
        (#"{"command": [["a"]]}"#, "each of command must be a string, not an array"),
        (#"{"command": []}"#, "lacks command"), (#"{"command": {"args": []}}"#, "lacks command"),
        (#"{"type": "remote", "url": "http://127.0.0.1/"}"#, "not those that are reached by a URL"),
        (#"{"type": "streamable_http", "uri": "http://127.0.0.1/"}"#, "not those that are reached by a URL"),
        (#"{"type": "builtin", "cmd": "a"}"#, "a part of its host"),
        (#"{"command": "a", "args": ["${input:key}"]}"#, "${input:key} is filled in by its host"),
        (#"{"command": "a", "env": {"K": "{file:~/.key}"}}"#, "{file:~/.key} is filled in by its host"),
        (#"{"command": "a", "env": {"K": "${{ secrets.K }}"}}"#, "is filled in by its host"),
        (#"{"command": "a", "env": {"K": "{env:NO_SUCH}"}}"#, "NO_SUCH is not set"),
        (#"{"url": "http://127.0.0.1/"}"#, "not those that are reached by a URL"),
        (#"{"serverUrl": "http://127.0.0.1/"}"#, "not those that are reached by a URL"),
        (#"{"httpUrl": "http://127.0.0.1/", "headers": {}}"#, "not those that are reached by a URL"),
        (#"{"type": "http", "command": "a"}"#, "not those that are reached by a URL"),
        (#"{"type": "SSE", "command": "a"}"#, "not those that are reached by a URL"),
        (#"{"command": "a", "url": "http://127.0.0.1/"}"#, "not those that are reached by a URL"),
        (#"{"command": "a", "args": "it's"}"#, "is not closed"),
        (#"{"command": "a", "args": {"x": 1}}"#, "args must be an array of strings, not an object"),
        (#"{"command": "a", "env": ["N"]}"#, "each of env must be NAME=VALUE"),
        (#"{"command": "a", "args": [["x"]]}"#, "each of args must be a string, not an array"),
        (#"{"command": "a", "env": "N=1"}"#, "env must be an object of strings, not a string"),
        (#"{"command": "a", "env": {"N": {}}}"#, "env.N must be a string, not an object"),
        (#"{"command": "a", "env": {"N=": "x"}}"#, "contains ="), (#"{"command": "a", "env": {"": "x"}}"#, "empty"),
        (#"{"command": "a", "cwd": 1}"#, "cwd must be a string"),
        (#"{"command": "${NO_SUCH}"}"#, "NO_SUCH is not set"),
        (#"{"command": "a", "args": ["${env:NO_SUCH}"]}"#, "NO_SUCH is not set"),
        (#"{"command": "a", "args": ["\u0000"]}"#, "zero byte"),
    ])
    func leavesOutWhatCannotBeUsedAndSaysSo(entry: String, part: String) throws {
        let (entries, warnings) = try read(#"{"mcpServers": {"odd": \#(entry), "good": {"command": "b"}}}"#)
        #expect(entries == [ToolServerEntry(name: "good", command: "b")])
        #expect(warnings.count == 1)
        let warning = warnings.first ?? ""
        #expect(warning.hasPrefix("mcpServers.odd: ") && warning.hasSuffix("; it is left out"), "\(warning)")
        #expect(warning.contains(part), "\(warning)")
    }

    @Test(arguments: ["", "a\nb", String(repeating: "x", count: 65)])
    func leavesOutAServerWhoseNameIsNone(name: String) throws {
        let key = name.replacing("\n", with: "\\n")
        let (entries, warnings) = try read(#"{"mcpServers": {"\#(key)": {"command": "a"}, "b": {"command": "b"}}}"#)
        #expect(entries.map(\.name) == ["b"])
        #expect(warnings.count == 1 && warnings.first?.contains("printable characters") == true)
    }

    @Test(arguments: [
        (#""disabled": true"#, false), (#""enabled": false"#, false), (#""disabled": false"#, true),
        (#""enabled": true"#, true), (#""disabled": null, "enabled": null"#, true),
        (#""disabled": true, "url": "http://127.0.0.1/""#, false),
        (#""disabled": "true""#, false), (#""disabled": "Yes""#, false), (#""disabled": 1"#, false),
        (#""disabled": "false""#, true), (#""disabled": 0"#, true), (#""disabled": """#, true),
        (#""enabled": "false""#, false), (#""enabled": 0"#, false), (#""enabled": "off""#, false),
        (#""enabled": "true""#, true), (#""enabled": 1"#, true), (#""enabled": "maybe""#, true),
    ])
    func aServerIsUsedUnlessItIsSwitchedOff(member: String, isUsed: Bool) throws {
        let (entries, warnings) = try read(#"{"mcpServers": {"a": {"command": "a", \#(member)}}}"#)
        #expect(entries.map(\.name) == (isUsed ? ["a"] : []))
        #expect(warnings.isEmpty)
    }

    @Test(arguments: [
        "\u{FEFF}{\"mcpServers\": {\"a\": {\"command\": \"b\"}}}",
        "// of an editor\n{\"mcpServers\": {\"a\": {\"command\": \"b\"}}}",
        "{\"mcpServers\": {\"a\": {\"command\": \"b\", /* none */ \"args\": [],},},}\r\n// end",
        "{\"servers\": {\"a\": {\"type\": \"stdio\", \"command\": \"b\"}}, \"inputs\": []}",
        "{\"context_servers\": {\"a\": {\"source\": \"custom\", \"command\": \"b\", \"args\": [], \"env\": {}}}}",
        "{\"mcpServers\": {\"a\": {\"command\": \"b\", \"args\": null, \"env\": null, \"cwd\": null, \"url\": null}}}",
        "{\"mcpServers\": {\"a\": {\"command\": \"b\", \"env\": {\"X\": null}, \"type\": null, \"url\": \"\"}}}",
    ])
    func readsFilesAsHostsHaveThem(text: String) throws {
        let (entries, warnings) = try read(text)
        #expect(entries == [ToolServerEntry(name: "a", command: "b")])
        #expect(warnings.isEmpty)
    }

    @Test func takesNumbersForTheirText() throws {
        let (entries, warnings) = try read(
            #"{"mcpServers": {"a": {"command": "b", "args": ["--port", 80, true], "env": {"N": 1, "R": 0.5, "B": false}}}}"#
        )
        #expect(
            entries == [
                ToolServerEntry(
                    name: "a", command: "b", arguments: ["--port", "80", "true"],
                    environment: ["N": "1", "R": "0.5", "B": "false"])
            ])
        #expect(warnings.isEmpty)
    }

    @Test func doesNotTakeTextForAComment() throws {
        let arguments = #"["http://x/,]", "/* \" */", "\ud83d"]"#
        let servers = try parse(#"{"mcpServers": {"a": {"command": "b", "args": \#(arguments)}}}"#)
        #expect(servers.first?.arguments == ["http://x/,]", "/* \" */", "\u{FFFD}"])
    }

    @Test(arguments: [
        ("${HOME}", "/home/ann"), ("a${HOME}b${KEY_2}c", "a/home/annbsecretc"), ("${env:HOME}", "/home/ann"),
        ("${EMPTY}", ""), ("${NONE:-x y}", "x y"), ("${NONE:-}", ""), ("${HOME:-x}", "/home/ann"),
        ("${env:NONE:-d}", "d"),
        ("$HOME", "$HOME"), ("${", "${"), ("${}", "${}"), ("${1}", "${1}"), ("${HOME", "${HOME"),
        ("$${HOME}", "$/home/ann"),
        ("${HOME%/*}", "${HOME%/*}"), ("${NONE-x}", "${NONE-x}"), ("${a b}", "${a b}"), ("${${HOME}}", "${/home/ann}"),
        ("", ""),
    ])
    func expandsReferencesToVariables(text: String, expanded: String) throws {
        #expect(try VariableExpansion.expand(text, from: variables) == expanded)
    }

    @Test(arguments: ["${NONE}", "a ${env:NONE} b"])
    func namesAVariableThatIsNotSet(text: String) {
        #expect(
            throws: ServerConfigurationError(
                message: "the environment variable NONE is not set, and there is no default for it")
        ) {
            try VariableExpansion.expand(text, from: variables)
        }
    }
}
