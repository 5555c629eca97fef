import Testing

@testable import ExecAgent

@Suite struct ServersFileTests {
    private let variables = ["HOME": "/home/ann", "EMPTY": "", "KEY_2": "secret"]

    private func parse(_ text: String) throws -> [ToolServerEntry] {
        try ServersFile.parse(Array(text.utf8), variables: variables)
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
        ("", "not valid JSON"), ("[]", "mcpServers"), (#"{"mcpServers": []}"#, "mcpServers"),
        (#"{"mcpServers": {"a": 1}}"#, "mcpServers.a: it must be an object, not an integer"),
        (#"{"mcpServers": {"a": {}}}"#, "mcpServers.a: it lacks command"),
        (#"{"mcpServers": {"a": {"command": ""}}}"#, "lacks command"),
        (#"{"mcpServers": {"a": {"command": ["a"]}}}"#, "command must be a string, not an array"),
        (#"{"mcpServers": {"a": {"url": "http://127.0.0.1/"}}}"#, "not those that are reached by a URL"),
        (#"{"mcpServers": {"a": {"type": "http", "command": "a"}}}"#, "not those that are reached by a URL"),
        (#"{"mcpServers": {"a": {"command": "a", "args": "x"}}}"#, "args must be an array of strings, not a string"),
        (#"{"mcpServers": {"a": {"command": "a", "args": [1]}}}"#, "each of args must be a string, not an integer"),
        (#"{"mcpServers": {"a": {"command": "a", "env": []}}}"#, "env must be an object of strings, not an array"),
        (#"{"mcpServers": {"a": {"command": "a", "env": {"N": 1}}}}"#, "env.N must be a string, not an integer"),
        (#"{"mcpServers": {"a": {"command": "a", "env": {"N=": "x"}}}}"#, "contains ="),
        (#"{"mcpServers": {"a": {"command": "a", "env": {"": "x"}}}}"#, "empty"),
        (#"{"mcpServers": {"a": {"command": "a", "cwd": 1}}}"#, "cwd must be a string"),
        (#"{"mcpServers": {"a": {"command": "${NO_SUCH}"}}}"#, "NO_SUCH is not set"),
        (#"{"mcpServers": {"": {"command": "a"}}}"#, "name"),
        (#"{"mcpServers": {"a\nb": {"command": "a"}}}"#, "printable"),
    ])
    func saysWhatIsWrong(text: String, part: String) {
        let error = #expect(throws: ConfigurationError.self) { try parse(text) }
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
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
        #expect(try VariableReferences.expand(text, from: variables) == expanded)
    }

    @Test(arguments: ["${NONE}", "a ${env:NONE} b"])
    func namesAVariableThatIsNotSet(text: String) {
        #expect(
            throws: ConfigurationError(
                message: "the environment variable NONE is not set, and there is no default for it")
        ) {
            try VariableReferences.expand(text, from: variables)
        }
    }
}
