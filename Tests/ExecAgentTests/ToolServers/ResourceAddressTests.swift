import Testing

@testable import ExecAgent

@Suite struct ResourceAddressTests {
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
