import Testing

@testable import MCPServers

/// Files as single hosts have them, each with what comes of it.
@Suite struct HostFilesTests {
    private static let variables = ["HOME": "/home/ann", "KEY": "secret"]

    private func read(
        _ text: String, named name: String = "servers.json"
    ) throws -> (entries: [ToolServerEntry], warnings: [String]) {
        var warnings: [String] = []
        let entries = try ServersFile.parse(
            Array(text.utf8), named: name, variables: Self.variables, directory: "/home/ann/project"
        ) { warnings.append($0) }
        return (entries, warnings)
    }

    private static let wanted = ToolServerEntry(
        name: "notes", command: "npx", arguments: ["-y", "notes"], environment: ["KEY": "secret"])

    @Test(arguments: [
        // VS Code: settings, and a file of its own.
        #"{"editor.x": 1, "mcp": {"inputs": [], "servers": {"notes": {"type": "stdio", "command": "npx", ARGS, ENV}}}}"#,
        #"{"inputs": [{"type": "promptString", "id": "k"}], "servers": {"notes": {"command": "npx", ARGS, ENV}}}"#,
        // Zed, now and before.
        #"{"theme": "x", "context_servers": {"notes": {"source": "custom", "command": "npx", ARGS, ENV}}}"#,
        #"{"context_servers": {"notes": {"command": {"path": "npx", ARGS, ENV}, "settings": {}}}}"#,
        // opencode.
        #"{"mcp": {"notes": {"type": "local", "command": ["npx", "-y", "notes"], "environment": {"KEY": "{env:KEY}"}}}}"#,
        #"{"mcp": {"notes": {"command": ["npx", "-y"], "args": ["notes"], "enabled": true, "env": {"KEY": "secret"}}}}"#,
        // Cline, Roo, Gemini CLI, Amp.
        #"{"mcpServers": {"notes": {"command": "npx", ARGS, ENV, "alwaysAllow": ["x"], "timeout": 60}}}"#,
        #"{"mcpServers": {"notes": {"command": "npx", ARGS, ENV, "trust": false, "excludeTools": []}}}"#,
        #"{"amp.mcpServers": {"notes": {"command": "npx", ARGS, ENV}}}"#,
        // Claude Code: for everywhere, and for one directory.
        #"{"numStartups": 1, "mcpServers": {"notes": {"type": "stdio", "command": "npx", ARGS, ENV}}, "projects": {}}"#,
        #"{"mcpServers": {"notes": {"command": "old"}}, PROJECTS}"#,
        // Lists, and servers without a section.
        #"{"mcpServers": [{"name": "notes", "command": "npx", ARGS, ENV}]}"#,
        #"{"notes": {"command": "npx", ARGS, ENV}}"#,
        #"{"mcpServers": {"notes": {"transport": {"type": "stdio", "command": "npx", ARGS, ENV}}}}"#,
        // One text for several words.
        #"{"mcpServers": {"notes": {"command": "npx -y notes", ENV}}}"#,
        #"{"mcpServers": {"notes": {"command": "npx", "args": "-y 'notes'", ENV}}}"#,
        #"{"mcpServers": {"notes": {"command": "npx", ARGS, "env": ["KEY=secret"]}}}"#,
        #"{"mcpServers": {"notes": {"command": "npx", "args": ["-y", null, "notes"], "env": {"KEY": "secret", "N": null}}}}"#,
        #"{"mcpServers": null, "servers": {"notes": {"command": "npx", ARGS, ENV, "type": "LOCAL", "url": "http://x"}}}"#,
    ])
    func readsJSONOfEveryHost(text: String) throws {
        let projects =
            #""projects": {"/x": {"mcpServers": {"b": {}}}, "/home/ann/project": {"mcpServers": {"notes": OWN}}}"#
        let text = text.replacing("PROJECTS", with: projects)
            .replacing("OWN", with: #"{"command": "npx", ARGS, ENV}"#).replacing(
                "ARGS", with: #""args": ["-y", "notes"]"#
            )
            .replacing("ENV", with: #""env": {"KEY": "${KEY}"}"#)
        let (entries, warnings) = try read(text)
        #expect(entries == [Self.wanted])
        #expect(warnings.isEmpty, "\(warnings)")
    }

    @Test(arguments: [
        #"{"models": [], "experimental": {"modelContextProtocolServers": [{"transport": {"type": "stdio", "#
            + #""command": "npx", "args": ["-y", "notes"], "env": {"KEY": "secret"}}}]}}"#
    ])
    func readsServersWithoutNames(text: String) throws {
        let (entries, warnings) = try read(text)
        var wanted = Self.wanted
        wanted.name = "server-1"
        #expect(entries == [wanted], "\(warnings)")
        #expect(warnings.isEmpty, "\(warnings)")
    }

    @Test func readsAnchorsInYAML() throws {
        let (entries, warnings) = try read(
            """
            common: &common
              type: stdio
              cmd: npx
              envs: &env {KEY: secret}
            extensions:
              notes:
                <<: *common
                args: [-y, notes]
              more: {cmd: more, envs: *env}
            """, named: "config.yaml")
        #expect(
            entries == [Self.wanted, ToolServerEntry(name: "more", command: "more", environment: ["KEY": "secret"])])
        #expect(warnings.isEmpty, "\(warnings)")
    }

    @Test(arguments: [
        (#""mcp": {"allowed": ["a"]}"#, ["a"]), (#""mcp": {"excluded": ["a"]}"#, ["b"]),
        (#""mcp": {"allowed": []}"#, []),
        (#""mcp": {"allowed": ["a", "b"], "excluded": ["b"], "serverCommand": "x"}"#, ["a"]),
        (#""allowMCPServers": ["b"]"#, ["b"]), (#""excludeMCPServers": ["b"]"#, ["a"]), (#""mcp": {}"#, ["a", "b"]),
        (#""mcp": {"allowed": null, "excluded": []}"#, ["a", "b"]), (#""disabledMcpjsonServers": ["a"]"#, ["b"]),
        (#""mcp": {"allowed": ["A"]}"#, []),
    ])
    func leavesOutServersThatAreSwitchedOffElsewhere(members: String, names: [String]) throws {
        let text = #"{"mcpServers": {"a": {"command": "x"}, "b": {"command": "y"}}, MEMBERS}"#
        let (entries, warnings) = try read(text.replacing("MEMBERS", with: members))
        #expect(entries.map(\.name) == names, "\(warnings)")
        #expect(!warnings.contains { $0.contains("left out") }, "\(warnings)")
    }

    @Test(arguments: [#""mcp": {"allowed": [1]}"#, #""mcp": {"excluded": true}"#, #""excludeTools": [{}]"#])
    func usesNoServerWhereItCannotBeToldWhichAreOff(members: String) throws {
        let (entries, warnings) = try read(
            #"{"mcpServers": {"a": {"command": "x"}}, MEMBERS}"#.replacing("MEMBERS", with: members))
        #expect(entries.isEmpty)
        try #require(warnings.count == 1)
        #expect(warnings[0].contains("none of the servers is used"))
    }

    @Test func aServerMayHaveTheNameOfASwitch() throws {
        let (entries, _) = try read(#"{"mcp": {"allowed": {"command": ["x"]}, "excluded": {"command": ["y"]}}}"#)
        #expect(entries.map(\.name) == ["allowed", "excluded"])
    }

    @Test(arguments: [
        // Codex.
        """
        model = "gpt" # which
        [mcp_servers.notes]
        command = "npx"
        args = ["-y", "notes"]
        env = { KEY = "secret" }
        startup_timeout_sec = 20
        """,
        """
        [mcp_servers]
        [mcp_servers.'notes']
        command = 'npx'
        args = [
          "-y", # yes
          "notes",
        ]
        [mcp_servers.notes.env]
        "KEY" = "s\\u0065cret"
        [mcp_servers.off]
        enabled = false
        command = "off"
        """,
        #"""
        mcp_servers.notes.command = """npx"""
        mcp_servers.notes.args = ["-y", """
        no\
           tes"""]
        mcp_servers.notes.env.KEY = '''
        secret'''
        """#,
        """
        [[mcpServers]]\r
        name = "notes"\r
        command = "npx"\r
        args = ["-y", "notes"]\r
        [mcpServers.env]\r
        KEY = "secret"
        """,
    ])
    func readsTOML(text: String) throws {
        let (entries, warnings) = try read(text, named: "/home/ann/.codex/config.toml")
        var wanted = Self.wanted
        if text.contains("startup_timeout_sec") { wanted.startSeconds = 20 }
        #expect(entries == [wanted])
        #expect(warnings.isEmpty, "\(warnings)")
    }

    @Test(arguments: [
        // Goose.
        """
        GOOSE_MODEL: gpt
        extensions:
          notes:
            enabled: true
            type: stdio
            cmd: npx
            args:
              - -y
              - notes
            envs:
              KEY: secret
            env_keys: []
            timeout: 300
          off:
            enabled: false
            type: builtin
            name: off
        """,
        """
        extensions:
          notes:
            enabled: true
            config: {type: stdio, cmd: npx, args: ["-y", "notes"], envs: {KEY: secret}}
        """,
        // Continue.
        """
        name: mine
        version: 0.0.1
        mcpServers:
          - name: notes
            command: npx
            args: ["-y", notes]
            env:
              KEY: secret
        """,
    ])
    func readsYAML(text: String) throws {
        let (entries, warnings) = try read(text, named: "config.YAML")
        #expect(entries == [Self.wanted])
        #expect(warnings.isEmpty, "\(warnings)")
    }

    @Test(
        arguments: [
            (#"{"mcpServers": null}"#, 0, nil), (#"{"mcpServers": {}}"#, 0, nil), (#"{"mcpServers": []}"#, 0, nil),
            (#"{"mcp": {"servers": {}}}"#, 0, nil),
            (#"{"projects": {"/x": {"mcpServers": {"a": {"command": "a"}}}}}"#, 0, "/x"),
            // Names that come twice.
            (
                #"{"mcpServers": {"a": {"command": "x"}, "b": {"command": "b"}, "a": {"command": "y", "command": "z"}}}"#,
                2, "duplicate"
            ),
            (#"{"mcpServers": [{"name": "a", "command": "x"}, {"name": "a", "command": "z"}]}"#, 1, "duplicate"),
            // What is odd costs only itself.
            (
                #"{"mcpServers": {"a": {"type": "sse", "url": "http://x"}, "b": {"command": "b"}, "c": 7}}"#, 1,
                "type sse"
            ),
            (#"{"mcpServers": {"a": {"command": "a", "envFile": ".env"}}}"#, 1, "envFile is ignored"),
            (
                #"{"mcpServers": {"a": {"command": "a", "env": {"K": "${input:k}"}}, "b": {"command": "b"}}}"#, 1,
                "${input:k}"
            ),
            (#"{"mcpServers": [{"command": "a"}, 7]}"#, 1, "mcpServers[1]"),
        ] as [(String, Int, String?)])
    func whatIsOddIsSaid(text: String, count: Int, part: String?) throws {
        let (entries, warnings) = try read(text)
        #expect(entries.count == count, "\(entries)")
        #expect(part == nil ? warnings.isEmpty : warnings.contains { $0.contains(part ?? "") }, "\(warnings)")
        if text.contains("\"z\"") { #expect(entries.last?.command == "z") }
    }

    @Test(arguments: [
        ("config.toml", "[mcp_servers.a\ncommand = 1", "not valid TOML: line 1"),
        ("config.toml", "[mcp_servers.a]\ncommand = \"\\q\"", "not valid TOML: line 2"),
        ("config.toml", "# nothing\n", "nothing in it"), ("config.toml", "a = 1\n", "mcpServers"),
        ("config.yaml", "extensions: &a\n  b: *a", "cannot be read as YAML: line 2"),
        ("config.yml", "", "nothing in it"), ("config.yaml", "- 1", "mcpServers"),
        ("config", "[mcp_servers.a]\ncommand = 'a'", "not valid JSON"),
    ])
    func saysWhichNotationAFileIsNotIn(name: String, text: String, part: String) {
        let error = #expect(throws: ServerConfigurationError.self) { try read(text, named: name) }
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [
        ("${workspaceFolder}/a", "/home/ann/project/a"), ("${workspaceFolderBasename}", "project"),
        ("${cwd}", "/home/ann/project"), ("${userHome}/b", "/home/ann/b"), ("{env:KEY}x", "secretx"),
        ("{KEY}", "{KEY}"), (#"{"a": "${KEY}"}"#, #"{"a": "secret"}"#), ("{{KEY}}", "{{KEY}}"),
    ])
    func knowsWhatHostsCallDirectoriesAndVariables(text: String, expanded: String) throws {
        let found = try VariableExpansion.expand(text, from: Self.variables, directory: "/home/ann/project")
        #expect(found == expanded)
    }
}
