import Testing

@testable import MCPServers

@Suite struct ShellWordsTests {
    @Test(arguments: [
        ("exec-mcp", ["exec-mcp"]),
        ("  exec-mcp \t--user\nann ", ["exec-mcp", "--user", "ann"]),
        ("'/a b/c' 'd'\"e\"f", ["/a b/c", "def"]),
        (#"p "a b" '' """#, ["p", "a b", "", ""]),
        (#"p 'a\b"c' "d'e""#, ["p", #"a\b"c"#, "d'e"]),
        (#"p a\ b \' \\ \n"#, ["p", "a b", "'", #"\"#, "n"]),
        (#"p "\"\\\$\`\n""#, ["p", #""\$`\n"#]),
        ("p $HOME ~ * `id` $(id) ; && | > #x", ["p", "$HOME", "~", "*", "`id`", "$(id)", ";", "&&", "|", ">", "#x"]),
        ("p é\u{301}'日本'", ["p", "é\u{301}日本"]),
        // With a combining mark behind it a quote is still a quote.
        ("p '\u{301}a b'", ["p", "\u{301}a b"]),
    ])
    func splitsAsAShellDoes(text: String, words: [String]) throws {
        #expect(try ShellWords.split(text) == words)
    }

    @Test(arguments: [
        ("", "no program"), ("  \n", "no program"), ("'' a", "no program"), ("p 'a", "single quote"),
        ("p \"a", "double quote"), (#"p "a\""#, "double quote"), ("p a\\", "backslash"),
    ])
    func refusesWhatAShellWouldWaitFor(text: String, part: String) {
        let error = #expect(throws: ServerConfigurationError.self) { try ShellWords.split(text) }
        #expect(error?.message.contains(part) == true)
    }
}
