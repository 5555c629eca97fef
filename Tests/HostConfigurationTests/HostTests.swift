import JSON
import Testing

@testable import HostConfiguration

@Suite struct HostTests {
    private static let odd = "/home/jo \"x\" \\ ü\u{2028}/o'b $HOME/exec-mcp"

    private func host(_ name: String) throws -> Host {
        try #require(Host.all.first { $0.name == name })
    }

    @Test func hostsHaveNamesOfTheirOwnInOrder() {
        #expect(Host.all.map(\.name) == Set(Host.all.map(\.name)).sorted())
    }

    @Test(arguments: [
        ("claude-code", "/h/.claude.json", "/h/.claude.json"),
        (
            "claude-desktop", "/h/.config/Claude/claude_desktop_config.json",
            "/h/Library/Application Support/Claude/claude_desktop_config.json"
        ),
        ("codex", "/h/.codex/config.toml", "/h/.codex/config.toml"),
        ("cursor", "/h/.cursor/mcp.json", "/h/.cursor/mcp.json"),
        ("gemini", "/h/.gemini/settings.json", "/h/.gemini/settings.json"),
        ("goose", "/h/.config/goose/config.yaml", "/h/.config/goose/config.yaml"),
        ("vscode", "/h/.config/Code/User/mcp.json", "/h/Library/Application Support/Code/User/mcp.json"),
        ("zed", "/h/.config/zed/settings.json", "/h/.config/zed/settings.json"),
    ])
    func looksWhereTheHostLooks(name: String, linux: String, macOS: String) throws {
        #expect(try host(name).userFile(Platform(system: .linux, variables: ["HOME": "/h"])) == linux)
        #expect(try host(name).userFile(Platform(system: .macOS, variables: ["HOME": "/h/"])) == macOS)
        for variables in [[:], ["HOME": ""], ["HOME": "h"]] {
            #expect(try host(name).userFile(Platform(variables: variables)) == nil)
        }
    }

    @Test(arguments: [
        ("claude-code", "CLAUDE_CONFIG_DIR", "/x/.claude.json"),
        ("claude-desktop", "XDG_CONFIG_HOME", "/x/Claude/claude_desktop_config.json"),
        ("codex", "CODEX_HOME", "/x/config.toml"), ("gemini", "GEMINI_CLI_HOME", "/x/.gemini/settings.json"),
        ("goose", "XDG_CONFIG_HOME", "/x/goose/config.yaml"), ("goose", "GOOSE_PATH_ROOT", "/x/config/config.yaml"),
        ("vscode", "XDG_CONFIG_HOME", "/x/Code/User/mcp.json"), ("vscode", "VSCODE_APPDATA", "/x/Code/User/mcp.json"),
        ("vscode", "VSCODE_PORTABLE", "/x/user-data/User/mcp.json"), ("zed", "XDG_CONFIG_HOME", "/x/zed/settings.json"),
        ("zed", "FLATPAK_XDG_CONFIG_HOME", "/x/zed/settings.json"),
    ])
    func honoursTheVariablesOfTheHost(name: String, variable: String, path: String) throws {
        let host = try host(name)
        func file(_ value: String) -> String? {
            host.userFile(Platform(system: .linux, variables: ["HOME": "/h", variable: value]))
        }
        #expect(file("/x") == path)
        #expect(file("/x//") == path)
        #expect(file("x") == file(""))
        #expect(file("")?.hasPrefix("/h/") == true)
    }

    @Test(arguments: Host.all.map(\.name))
    func whatItPrintsIsWhatItWritesIntoANewFile(name: String) throws {
        let host = try host(name)
        for arguments in [[], ["--user", "a b", "--workspace=/ü \"\u{7F}\u{85}\t"]] {
            for server in ["exec", "no", "Null", "a-b_9"] {
                let entry = ServerEntry(name: server, program: Self.odd, arguments: arguments, maxCallSeconds: 1200)
                let block = host.block(entry)
                let edited = try host.format.set(entry, in: [])
                #expect(edited.text == block)
                #expect(edited.change == .added)
                #expect(try host.format.set(entry, in: Array(block.utf8)).change == .none)
                let two = try host.format.set(ServerEntry(program: "/p"), in: edited.bytes)
                #expect(try host.format.set(entry, in: two.bytes).change == .none || server == "exec")
            }
        }
    }

    @Test func hostsThatGiveUpSoonerThanACallEndsAreToldSo() throws {
        let entry = ServerEntry(program: "/p", maxCallSeconds: 1200)
        #expect(try host("gemini").block(entry).contains("\"timeout\": 1260000"))
        #expect(try host("goose").block(entry).contains("timeout: 1260\n"))
        #expect(try host("codex").block(entry).contains("tool_timeout_sec = 1260\n"))
    }

    @Test func codexIsToldNotToAskWhereNothingOfTheUsersCanBeTouched() throws {
        let setting = "\ndefault_tools_approval_mode = \"approve\"\n"
        #expect(try host("codex").block(ServerEntry(program: "/p")).contains(setting))
        let open = try host("codex").block(ServerEntry(program: "/p", isConfined: false))
        #expect(!open.contains(setting))
        #expect(open.contains("\n# default_tools_approval_mode = \"approve\"\n"))
        for line in open.split(separator: "\n") { #expect(line.count <= 120) }
    }

    @Test func theShellCommandOfClaudeCodeQuotesForAShell() throws {
        let entry = ServerEntry(program: "/a b/o'x", arguments: ["--user", ""])
        let command = try #require(try host("claude-code").shellCommand(entry, forProject: true))
        #expect(command == #"claude mcp add --scope project exec -- '/a b/o'"'"'x' --user ''"#)
        #expect(try host("cursor").shellCommand(entry, forProject: true) == nil)
    }

    @Test(arguments: [
        ("exec", true), ("A-b_9", true), (String(repeating: "x", count: 63), true), ("", false), ("9a", false),
        ("-a", false), ("a b", false), ("a.b", false), ("é", false), ("a\n", false), ("a\"", false),
        (String(repeating: "x", count: 64), false),
    ])
    func takesNamesThatNeedNoQuotes(name: String, isName: Bool) {
        #expect(ServerEntry.isName(name) == isName)
    }
}
