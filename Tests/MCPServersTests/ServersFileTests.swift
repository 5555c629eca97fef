import Testing

@testable import MCPServers

@Suite struct ServersFileTests {
    private let variables = ["LINE": "x\n", "HOME": "/home/ann", "EMPTY": "", "KEY_2": "secret"]

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
        ("{/* }", "unterminated comment"), ("[]", "mcpServers"), (#"{"mcpServers": "x"}"#, "mcpServers"),
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
        (#"{"type": "remote", "command": "a"}"#, "lacks url"), (#"{"type": "http", "url": ""}"#, "lacks url"),
        (#"{"url": 7}"#, "it lacks command"), (#"{"httpUrl": "ftp://127.0.0.1/"}"#, "httpUrl must be a valid URL"),
        (#"{"url": "http://127.0.0.1/ x"}"#, "url must be a valid URL"), (#"{"url": "x"}"#, "must be a valid URL"),
        (#"{"url": "https://${NO_SUCH}/"}"#, "NO_SUCH is not set"),
        (#"{"url": "http://h/", "headers": "x"}"#, "headers must be an object of strings"),
        (#"{"url": "http://h/", "headers": {"A": []}}"#, "headers.A must be a string"),
        (#"{"url": "http://h/", "headers": {"A": "${NO_SUCH}"}}"#, "NO_SUCH is not set"),
        (#"{"url": "http://h/", "bearer_token_env_var": "NO_SUCH"}"#, "NO_SUCH, which it needs, is not set"),
        (#"{"url": "http://h/", "bearer_token_env_var": "LINE"}"#, "the variable LINE, as a header, "),
        (#"{"url": "http://h/", "env_http_headers": {"A": "NO_SUCH"}}"#, "NO_SUCH, which it needs, is not set"),
        (#"{"type": "builtin", "cmd": "a"}"#, "a part of its host"),
        (#"{"command": "a", "args": ["${input:key}"]}"#, "${input:key} is filled in by its host"),
        (#"{"command": "a", "env": {"K": "{file:~/.key}"}}"#, "{file:~/.key} is filled in by its host"),
        (#"{"command": "a", "env": {"K": "${{ secrets.K }}"}}"#, "is filled in by its host"),
        (#"{"command": "a", "env": {"K": "{env:NO_SUCH}"}}"#, "NO_SUCH is not set"),
        (#"{"type": "sse", "url": "http://127.0.0.1/"}"#, "npx with the arguments mcp-remote"),
        (#"{"type": "SSE", "command": "a"}"#, "servers of the type sse cannot be used"),
        (#"{"transport": "ws", "url": "ws://127.0.0.1/"}"#, "servers of the type ws cannot be used"),
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
        #expect(warning.hasPrefix("mcpServers.odd: "), "\(warning)")
        #expect(warning.hasSuffix("; it is left out"), "\(warning)")
        #expect(warning.contains(part), "\(warning)")
    }

    @Test(
        arguments: [
            (#""url": "http://h:1/mcp""#, "http://h:1/mcp", [:]),
            (#""serverUrl": "https://h/${X}?k=${env:X}""#, "https://h/xy?k=xy", [:]),
            (#""httpUrl": "http://new/", "url": "http://old/sse""#, "http://new/", [:]),
            (#""type": "http", "url": "http://h/", "command": "a""#, "http://h/", [:]),
            (#""transport": {"type": "streamable-http", "url": "http://h/"}"#, "http://h/", [:]),
            (
                #""uri": "http://h/", "type": "streamable_http", "headers": {"A": 1, "B": null}"#, "http://h/",
                ["A": "1"]
            ),
            (
                #""url": "http://h/", "headers": {"Authorization": "Bearer ${X}"}"#, "http://h/",
                ["Authorization": "Bearer xy"]
            ),
            (
                #""url": "http://h/", "http_headers": {"A": "b"}, "env_http_headers": {"C": "X"}"#, "http://h/",
                ["A": "b", "C": "xy"]
            ),
            (#""url": "http://h/", "bearer_token_env_var": "X""#, "http://h/", ["Authorization": "Bearer xy"]),
            (
                #""url": "http://h/", "bearer_token_env_var": "X", "headers": {"authorization": "y"}"#, "http://h/",
                ["authorization": "y"]
            ),
            (#""url": "http://h/", "requestOptions": {"headers": {"A": "b"}}"#, "http://h/", ["A": "b"]),
        ] as [(String, String, [String: String])])
    func readsServersThatAreReachedByAURL(members: String, url: String, headers: [String: String]) throws {
        var warnings: [String] = []
        let text = #"{"mcpServers": {"a": {\#(members)}}}"#
        let entries = try ServersFile.parse(Array(text.utf8), variables: ["X": "xy"]) { warnings.append($0) }
        #expect(entries.map(\.url) == [url])
        #expect(entries.map(\.headers) == [headers])
        #expect(entries.map(\.command) == [""])
        #expect(warnings.isEmpty)
    }

    @Test(arguments: [
        (#""A b": "x""#, "not a valid name"), (#""": "x""#, "not a valid name"), (#""A": "x\ny""#, "line break"),
        (#""Content-Length": "1""#, "the protocol determines it"),
        (#""mcp-session-id": "x""#, "the protocol determines"),
        (#""@/etc/passwd": "x""#, "not a valid name"),
    ])
    func leavesOutHeadersThatCannotBeSent(member: String, part: String) throws {
        let (entries, warnings) = try read(
            #"{"mcpServers": {"a": {"url": "http://h/", "headers": {\#(member), "Good": "y"}}}}"#)
        #expect(entries.map(\.headers) == [["Good": "y"]])
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains(part) == true, "\(warnings)")
    }

    @Test(arguments: ["", "a\nb", String(repeating: "x", count: 65)])
    func leavesOutAServerWhoseNameIsNone(name: String) throws {
        let key = name.replacing("\n", with: "\\n")
        let (entries, warnings) = try read(#"{"mcpServers": {"\#(key)": {"command": "a"}, "b": {"command": "b"}}}"#)
        #expect(entries.map(\.name) == ["b"])
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains("printable characters") == true)
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

    @Test func takesTheValuesOfReferencesForSecrets() throws {
        let text = #"""
            {"inputs": [{"id": "k", "default": "d"}],
            "mcpServers": {"a": {"command": "${HOME}/b", "args": ["${KEY_2}", "x${input:k}", "${workspaceFolder}"]}}}
            """#
        let servers = try ServersFile.parse(
            Array(text.utf8), variables: variables, references: HostReferences(inputPrefix: "IN_"))
        #expect(servers.first?.secrets == ["variable KEY_2": "secret", "input k": "d"])
        let copy = try ServersFile.parse(ResolvedServers.text(of: servers), variables: [:])
        #expect(copy == servers)
    }

    @Test func saysWhichServersAreIgnoredForThoseOfAnotherSection() throws {
        var warnings: [String] = []
        let text = #"{"mcpServers": {"a": {"command": "b"}}, "servers": {"c": {"command": "d"}}, "mcp": {"x": 1}}"#
        let servers = try ServersFile.parse(Array(text.utf8), variables: [:]) { warnings.append($0) }
        #expect(servers.map(\.name) == ["a"])
        #expect(warnings == ["servers: ignored; of several sections with servers, only the first counts"])
    }

    @Test(arguments: ["${NONE}", "a ${env:NONE} b"])
    func namesAVariableThatIsNotSet(text: String) {
        #expect(
            throws: ServerConfigurationError(
                message: "the environment variable NONE is not set, and it has no default")
        ) {
            try VariableExpansion.expand(text, from: variables)
        }
    }

    @Test(arguments: [false, true], ["", ".toml", ".yaml"])
    func readsUTF16(isBigEndian: Bool, ending: String) throws {
        let texts = [
            "": #"{"mcpServers": {"a": {"command": "ä"}}}"#, ".toml": "[mcp_servers.a]\ncommand = \"ä\"\n",
            ".yaml": "mcpServers:\n  a:\n    command: ä\n",
        ]
        let units = [0xFEFF] + Array((texts[ending] ?? "").utf16)
        let bytes = units.flatMap { unit in
            let pair = [UInt8(unit >> 8), UInt8(unit & 0xFF)]
            return isBigEndian ? pair : Array(pair.reversed())
        }
        let entries = try ServersFile.parse(bytes, named: "f\(ending)", variables: [:])
        #expect(entries == [ToolServerEntry(name: "a", command: "ä")])
    }
}
