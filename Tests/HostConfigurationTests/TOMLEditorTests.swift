import TestSupport
import Testing

@testable import HostConfiguration

@Suite struct TOMLEditorTests {
    private static let block = "[mcp_servers.exec]\ncommand = \"/p\"\ntimeout = 660\n"

    private func set(_ text: String, _ block: String = block) throws(EditError) -> EditedText {
        try TOMLEditor(Array(text.utf8)).set(["mcp_servers", "exec"], to: block)
    }

    /// Lines that a careless reader would take for something else, or not get to the end of.
    private static let pieces = [
        "# [mcp_servers.exec]\n", "model = \"o3\"\n", "\n", "  \t\n", "[profiles.exec]\nmodel = 'a'\n",
        "[mcp_servers.other] # another\ncommand = \"x\"\nargs = [\"[mcp_servers.exec]\", # one\n  'two',\n]\n",
        "[mcp_servers.other.env]\nexec = { a = 1, \"b.c\" = [ {} ] }\n", "[mcp_servers]\n",
        "[mcp_servers.execute]\nx = 1\n",
        "[notes]\ntext = \"\"\"\n[mcp_servers.exec]\ncommand = 1 \\\"\"\"\"\n",
        "[more]\ntext = '''\n[mcp_servers.exec]\n''''\n",
        "[times]\na = 1979-05-27 07:32:00Z # b\nc = 0x1F\nd = -inf\n\"k\\\"\" . 'q' = true\n",
        "[[list]]\nname = \"exec\"\n", "[mcp_servers.\"exec\\n\\U0001F600\\e\"]\n",
        "   [  mcp_servers . 'exec.x' ]\n   y = 2\n",
    ]

    @Test(arguments: UInt64(1)...40)
    func addsBehindEverythingElse(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<20 {
            let text = random.row(0...6, of: Self.pieces).joined()
            let edited = try set(text)
            #expect(edited.change == .added)
            let between = edited.text.dropFirst(text.count).dropLast(Self.block.count)
            #expect(edited.text.hasPrefix(text))
            #expect(edited.text.hasSuffix(Self.block))
            #expect(
                between
                    == (text.isEmpty || text.hasSuffix("\n\n") || text.hasSuffix("\t\n") || text == "\n" ? "" : "\n"))
            #expect(try set(edited.text).change == .none)
        }
    }

    @Test(arguments: UInt64(1)...40)
    func replacesItsTableAndThoseInItAlone(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let olds = [
            "[mcp_servers.exec]\n", "[mcp_servers.exec]\ncommand = \"/q\"\n# note\nargs = []\n",
            " [ \"mcp_servers\" . 'exec' ] # ours\ncommand = '''\n[x]\n'''\n",
            "[mcp_servers.exec]\na = 1\n\n[mcp_servers.exec.env]\nB = \"c\"\n", "[mcp_servers.exec.env]\nB = \"c\"\n",
            "[[mcp_servers.exec.list]]\nB = \"c\"\n[[mcp_servers.exec.list]]\n",
            "[\"mcp\\u005Fservers\".\"\\U00000065xec\"]\n", "[mcp_servers.\"\\x65x\\u0065c\"]\na = 1\n",
        ]
        for _ in 0..<20 {
            let before = random.row(0...4, of: Self.pieces).joined()
            let after = random.row(0...4, of: Self.pieces.filter { !$0.hasPrefix("model") }).joined()
            let edited = try set(before + random.pick(olds) + after)
            #expect(edited.text == before + Self.block + after)
            #expect(edited.change == .replaced)
        }
    }

    @Test func removesTablesInsideItThatStandElsewhere() throws {
        let text = "[mcp_servers.exec.env]\nA = 1\n\n[x]\ny = 1\n\n[mcp_servers.exec]\nb = 1\n\n# z\n[z]\n"
        #expect(try set(text).text == Self.block + "\n[x]\ny = 1\n\n# z\n[z]\n")
    }

    @Test func writesLinesAsTheTextEndsThem() throws {
        #expect(try set("a = 1\r\n").text == "a = 1\r\n\r\n" + carriageReturns(Self.block))
        #expect(try set("a = 1").text == "a = 1\n\n" + Self.block)
        #expect(try set("\u{FEFF}").text == "\u{FEFF}" + Self.block)
        let windows = carriageReturns(Self.block)
        #expect(try set("b = 1\r\n" + windows).change == .none)
        #expect(try set(String(Self.block.dropLast())).change == .none)
    }

    @Test(arguments: [
        ("mcp_servers = {}", 1, "[table]"), ("a = 1\nmcp_servers.exec.command = 1", 2, "[table]"),
        ("\nmcp_servers.other = {}", 2, "[table]"), ("[mcp_servers]\nexec = {}", 2, "[table]"),
        ("[mcp_servers]\n'exec'.command = 1", 2, "[table]"),
        ("[mcp_servers]\n\"\\U00000065xec\" = {}", 2, "[table]"),
        ("\"a\\q\" = 1", 1, "escape"), ("\"a\\u12\" = 1", 1, "escape"), ("[\"\\uD800\"]", 1, "escape"),
        ("[[mcp_servers]]", 1, "array of tables"),
        ("[[mcp_servers.exec]]", 1, "array of tables"),
        ("[mcp_servers.exec]\n\n[mcp_servers.exec]", 3, "duplicate table"),
        ("a", 1, "'='"), ("a = ", 1, "value"), ("a = 1 2", 1, "unexpected"), ("= 1", 1, "a key"), ("[a", 1, "']'"),
        ("[]", 1, "a key"), ("a = \"x\ny\"", 1, "unterminated string"),
        ("a = '''\n\n", 1, "unterminated multi-line string"),
        ("a = [1, 2\n", 2, "unexpected end"), ("a = [1 2]", 1, "','"), ("a = {b = 1 c = 2}", 1, "','"),
        ("[a] b", 1, "unexpected"), ("{\"json\": 1}", 1, "a key"), ("a = \"\\", 1, "unterminated string"),
        ("a = " + String(repeating: "[", count: 10_000), 1, "nested"), ("ü = 1", 1, "a key"),
        ("a = [\r1]", 1, "carriage return"), ("a = 1\rb = 2\r", 1, "carriage return"),
        ("a = '''\n\r'''", 2, "carriage return"), ("a = 1 # b\r", 1, "carriage return"),
        ("a = [ # b\rc\n]", 1, "carriage return"),
    ])
    func refusesWhatItDoesNotUnderstandAndSaysWhere(text: String, line: Int, part: String) throws {
        let error = try #require(refusal { () throws(EditError) in try set(text) }, "\(text) was taken")
        #expect(error.line == line)
        #expect(error.reason.contains(part), "\(error.reason)")
    }
}
