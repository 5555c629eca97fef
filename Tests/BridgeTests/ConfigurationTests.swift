import Foundation
import JSON
import MCPServers
import TestSupport
import Testing

@testable import Bridge

/// The files that name the bridge's servers.
@Suite struct ConfigurationTests {
    private func read(
        _ texts: String..., variables: [String: String] = [:], ownPath: String? = nil
    ) throws -> (servers: [BridgeServerEntry], warnings: [String]) {
        let directory = try TemporaryDirectory()
        var files: [String] = []
        for (number, text) in texts.enumerated() {
            let file = "\(directory.path)/\(number).json"
            try text.replacing("DIRECTORY", with: directory.path).write(toFile: file, atomically: true, encoding: .utf8)
            files.append(file)
        }
        try "# comment\nexport TOKEN=\"a b\"\nPLAIN = x=y # note\nURL=http://h/#a\nQUOTED='$HOME'\n".write(
            toFile: "\(directory.path)/vars.env", atomically: true, encoding: .utf8)
        var warnings: [String] = []
        let servers = try BridgeConfiguration.read(
            files, variables: ["PATH": "/usr/bin:/bin"].merging(variables) { $1 }, ownPath: ownPath
        ) { warnings.append($0.replacing(directory.path, with: "DIR")) }
        return (servers, warnings)
    }

    @Test func aHostsEntryIsTaken() throws {
        let (servers, warnings) = try read(
            """
            \u{FEFF}{ // a comment
              "mcpServers": {
                "git": {"command": "sh", "args": ["-c", "${X:-true}"], "env": {"A": "${B}"}, "cwd": "/tmp"},
                "off": {"command": "sh", "disabled": true},
              },
            }
            """, variables: ["B": "b"])
        #expect(servers.map(\.name) == ["git"])
        #expect(servers[0].entry.arguments == ["-c", "true"])
        #expect(servers[0].entry.environment == ["A": "b"])
        #expect(servers[0].settings == BridgeServerSettings())
        #expect(warnings.isEmpty)
    }

    @Test func inputsComeFromTheEnvironment() throws {
        let text = """
            {"inputs": [{"id": "api-key", "type": "promptString", "password": true},
                        {"id": "host", "type": "promptString", "default": "localhost"}],
             "servers": {"a": {"type": "stdio", "command": "sh",
                               "env": {"KEY": "${input:api-key}", "HOST": "${input:host}"}}}}
            """
        let (servers, warnings) = try read(text, variables: ["EXEC_MCP_INPUT_API_KEY": "k"])
        #expect(servers.map(\.entry.environment) == [["KEY": "k", "HOST": "localhost"]])
        #expect(warnings.isEmpty)
        let without = try read(text)
        #expect(without.servers.isEmpty)
        #expect(
            without.warnings.first?.contains(
                "servers.a: ${input:api-key} has no value: set the environment variable EXEC_MCP_INPUT_API_KEY") == true
        )
    }

    @Test func aFileOfVariablesIsReadAndTheEntrysOwnCountMore() throws {
        let (servers, warnings) = try read(
            """
            {"servers": {"a": {"command": "sh", "envFile": "DIRECTORY/vars.env", "env": {"URL": "mine"}},
                         "b": {"command": "sh", "envFile": "/nowhere/vars.env"}}}
            """)
        #expect(
            servers.map(\.entry.environment) == [["TOKEN": "a b", "PLAIN": "x=y", "URL": "mine", "QUOTED": "$HOME"]])
        #expect(warnings.first?.contains("servers.b: its envFile /nowhere/vars.env: it cannot be read") == true)
    }

    @Test func settingsOfOurOwnAreRead() throws {
        let (servers, warnings) = try read(
            """
            {"mcpServers": {"a": {"command": "sh", "exec-mcp": {
              "tools": {"allow": ["x*"], "ask": ["y"], "deny": ["z"]}, "timeout": 5, "maxTimeout": 20, "maxResult": "1m",
              "maxCalls": 7, "idle": 0, "eager": true, "shared": true, "pin": "block", "source": "private",
              "pii": true}}}}
            """)
        let settings = try #require(servers.first?.settings)
        #expect((settings.allow, settings.ask, settings.deny) == (["x*"], ["y"], ["z"]))
        #expect((settings.timeout, settings.maxTimeout, settings.idleSeconds) == (5, 20, 0))
        #expect((settings.maxResult, settings.maxCalls) == (1 << 20, 7))
        #expect(settings.isEager)
        #expect(settings.isShared)
        #expect(settings.pinning == .block)
        #expect(settings.sources == [.private])
        #expect(settings.privateData == .replaced)
        #expect(warnings.isEmpty)
    }

    @Test(arguments: [
        ("false", BridgeServerSettings.PrivateDataHandling.ignored), ("true", .replaced),
        (#""strict""#, .withheld(servers: [])), (#"{"to": ["crm", "mail"]}"#, .withheld(servers: ["crm", "mail"])),
    ])
    func whatBecomesOfPrivateDataIsRead(value: String, expected: BridgeServerSettings.PrivateDataHandling) throws {
        let (servers, warnings) = try read(
            #"{"mcpServers": {"a": {"command": "sh", "exec-mcp": {"pii": \#(value)}}}}"#)
        #expect(servers.first?.settings.privateData == expected)
        #expect(warnings.isEmpty)
    }

    @Test(arguments: [
        "1", #""yes""#, #"{"to": "crm"}"#, #"{"to": ["crm", 1]}"#, #"{"to": ["crm"], "x": 1}"#, "[]", "{}",
    ])
    func whatIsNotUnderstoodKeepsPrivateDataOutside(value: String) throws {
        let (servers, warnings) = try read(
            #"{"mcpServers": {"a": {"command": "sh", "exec-mcp": {"pii": \#(value)}}}}"#)
        #expect(servers.first?.settings.privateData == .withheld(servers: []))
        #expect(warnings.map { $0.contains("exec-mcp.pii must be true, false, \"strict\"") } == [true])
    }

    @Test(arguments: [
        (#"{"timeout": "5"}"#, "exec-mcp.timeout must be a number from 0.1 to 86400; 60 is used"),
        (#"{"maxResult": 5}"#, "exec-mcp.maxResult must be a size of at least 1024 bytes, such as 1m; 8388608 is used"),
        (#"{"eager": "yes"}"#, "exec-mcp.eager must be true or false; false is used"),
        (#"{"pin": true}"#, "exec-mcp.pin must be warn or block; block is used"),
        (#"{"source": "secret"}"#, "exec-mcp.source must be private, untrusted, or both in an array; both are used"),
        (#"{"Timeout": 5}"#, "exec-mcp.Timeout is not known and is ignored"),
        (#"{"tools": ["a"]}"#, "exec-mcp.tools must have nothing but allow, ask and deny"),
        (#"[]"#, "exec-mcp must be an object, not an array: none of its tools runs"),
    ])
    func aSettingThatCannotBeUsedIsReported(settings: String, warning: String) throws {
        let (servers, warnings) = try read(#"{"mcpServers": {"a": {"command": "sh", "exec-mcp": \#(settings)}}}"#)
        #expect(servers.count == 1)
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains("DIR/0.json: a: \(warning)") == true, "\(warnings)")
    }

    @Test(arguments: ["exec-mcp", "/opt/other/exec-mcp", "/bin/sh"])
    func thisProgramCannotBeItsOwnServer(command: String) throws {
        let own = URL(fileURLWithPath: "/bin/sh").resolvingSymlinksInPath().path
        let (servers, warnings) = try read(
            #"{"mcpServers": {"a": {"command": "\#(command)"}, "b": {"command": "true"}}}"#, ownPath: own)
        #expect(servers.map(\.name) == ["b"])
        #expect(warnings == ["DIR/0.json: a: this is exec-mcp itself, which cannot be its own server; it is left out"])
    }

    @Test func oneEntryThatCannotBeUsedLeavesTheOthers() throws {
        let (servers, warnings) = try read(
            """
            {"mcpServers": {"a": {"url": "https://example.org/sse", "type": "sse"}, "b": {"args": []},
                            "c": {"command": "sh"}}}
            """)
        #expect(servers.map(\.name) == ["c"])
        #expect(warnings.count == 2)
    }

    @Test func ofTwoFilesTheLaterCounts() throws {
        let (servers, warnings) = try read(
            #"{"mcpServers": {"a": {"command": "sh"}, "b": {"command": "sh"}}}"#,
            #"{"mcpServers": {"a": {"command": "true"}}}"#)
        #expect(servers.map(\.name) == ["b", "a"])
        #expect(servers.map(\.entry.command) == ["sh", "true"])
        #expect(warnings == ["DIR/1.json: a: an earlier file has a server of this name; the last counts"])
    }

    @Test func aServerGetsWhatProgramsNeedAndNothingElse() {
        let needed = [
            "PATH", "HOME", "LANG", "TMPDIR", "XDG_CACHE_HOME", "LC_ALL", "https_proxy", "NO_PROXY", "SSL_CERT_FILE",
            "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE",
        ]
        let others = ["OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "SSL_KEY", "Path", "SSH_AUTH_SOCK", "NODE_OPTIONS"]
        let ours = Dictionary(uniqueKeysWithValues: (needed + others).map { ($0, "of \($0)") })
        var entry = ToolServerEntry(name: "a", command: "sh")
        entry.environment = ["SSL_CERT_FILE": "mine"]
        let variables = BridgedServerEnvironment.variables(for: entry, from: ours)
        #expect(Set(variables.keys) == Set(needed + [BridgedServerEnvironment.depthVariable]))
        #expect(variables["REQUESTS_CA_BUNDLE"] == "of REQUESTS_CA_BUNDLE")
        #expect(variables["SSL_CERT_FILE"] == "mine", "an entry's own counts more")
    }

    @Test func aFileThatIsNoneIsAnError() throws {
        #expect(throws: ServerConfigurationError.self) { try read("{}") }
        #expect(throws: ServerConfigurationError.self) { try read("{") }
    }
}
