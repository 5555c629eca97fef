import Testing

@testable import ExecAgent

@Suite struct ToolNamesTests {
    @Test func leavesNamesThatFitAsTheyAre() {
        let names = ToolNames([("exec", ["execute_bash", "read-file"]), ("other", ["Weather2"])])
        #expect(names.names == [["execute_bash", "read-file"], ["Weather2"]])
        #expect(names.places["Weather2"] == ToolNames.Place(server: 1, name: "Weather2"))
    }

    @Test func putsTheServersNameBeforeOneThatIsTaken() {
        let names = ToolNames([("exec", ["read"]), ("my files", ["read", "list"]), ("c", ["list", "read"])])
        #expect(names.names == [["read"], ["my_files_read", "list"], ["c_list", "c_read"]])
        #expect(names.places["my_files_read"] == ToolNames.Place(server: 1, name: "read"))
        #expect(names.places["read"] == ToolNames.Place(server: 0, name: "read"))
    }

    @Test func makesAnyNameFit() {
        let long = String(repeating: "x", count: 100)
        let tools = ["a.b/c", "a b c", "a_b_c", "日本", "", long, long + "y", long + "z"]
        let names = ToolNames([("s", tools)])
        #expect(Set(names.names[0]).count == tools.count)
        #expect(names.names[0].prefix(3) == ["a_b_c", "s_a_b_c", "s_a_b_c_2"])
        for (name, tool) in zip(names.names[0], tools) {
            #expect(name.wholeMatch(of: /[a-zA-Z0-9_-]{1,64}/) != nil)
            #expect(names.places[name] == ToolNames.Place(server: 0, name: tool))
        }
    }

    @Test func isQuickForManyNamesThatBecomeTheSame() {
        let names = ToolNames([("s", (0..<10_000).map { String(repeating: "x", count: 64) + "\($0)" })])
        #expect(Set(names.names[0]).count == 10_000)
    }

    @Test(
        arguments: [
            ("artifact:///a.png", "a.png"), ("artifact:///a%20b%2Ec", "a b.c"), ("artifact:///%C3%A9", "é"),
            ("artifact:///", nil), ("artifact:///a/b", nil), ("artifact:///a%2Fb", nil), ("artifact:///a%00", nil),
            ("artifact:///%ZZ", nil), ("artifact:///%4", nil), ("artifact:///%FF", nil), ("artifact://a", nil),
            ("file:///a", nil), ("artifact:///\u{301}a", "\u{301}a"),
        ] as [(String, String?)])
    func knowsTheNameOfAnArtifact(uri: String, name: String?) {
        #expect(ResourceAddress.artifactName(uri) == name)
    }

    @Test(
        arguments: [
            ("skill://data-analysis/SKILL.md", "data-analysis"), ("skill://a%20b/SKILL.md", "a b"),
            ("skill://a/b/SKILL.md", nil), ("skill://a/other.md", nil), ("skill:///SKILL.md", nil), ("skill://a", nil),
            ("skill://a/SKILL.md/", nil),
        ] as [(String, String?)])
    func knowsTheNameOfASkill(uri: String, name: String?) {
        #expect(ResourceAddress.skillName(uri) == name)
    }

    @Test(arguments: ["a.png", "a b", "é", "100%", "a?b#c", "日本.txt"])
    func writesAddressesThatItReads(name: String) {
        #expect(ResourceAddress.artifactName(ResourceAddress.artifact(name)) == name)
        #expect(ResourceAddress.skillName(ResourceAddress.skill(name)) == name)
        #expect(ResourceAddress.artifact(name).utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
    }
}
