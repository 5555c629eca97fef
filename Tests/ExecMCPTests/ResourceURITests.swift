import Testing

@testable import ExecMCP

@Suite struct ResourceURITests {
    @Test(arguments: [
        ("skill://a/SKILL.md", ResourceURI.skill(name: "a", path: ["SKILL.md"])),
        ("skill://a/b/c.py", .skill(name: "a", path: ["b", "c.py"])),
        ("skill://a", .skill(name: "a", path: [])),
        ("artifact:///plot.png", .artifact(name: "plot.png")),
        ("artifact:///two%20words%25.txt", .artifact(name: "two words%.txt")),
        ("artifact:///%C3%A9%0A%3F%23.txt", .artifact(name: "é\n?#.txt")),
        ("artifact:///%CC%81a", .artifact(name: "\u{301}a")),
        ("skill://a/b/%CC%81c", .skill(name: "a", path: ["b", "\u{301}c"])),
    ])
    func readsAndWritesAURI(text: String, uri: ResourceURI) {
        #expect(ResourceURI(text) == uri)
        #expect(uri.text == text)
    }

    @Test func isAnotherOneWhereTheBytesDiffer() {
        let names = ["caf\u{E9}", "cafe\u{301}"]
        #expect(Set(names.map { ResourceURI.artifact(name: $0) }).count == 2)
        #expect(Set(names.map { ResourceURI.skill(name: $0, path: ["a"]) }).count == 2)
        #expect(Set(names.map { ResourceURI.skill(name: "a", path: [$0]) }).count == 2)
        #expect(ResourceURI.artifact(name: "a") != .skill(name: "a", path: []))
    }

    @Test(arguments: [
        "artifact:///a b", "artifact:///é", "artifact:///a+b(1)", "skill://my skill/SKILL.md", "artifact:///\u{301}a",
    ])
    func readsWhatAClientDidNotEncode(text: String) {
        #expect(ResourceURI(text) != nil)
    }

    @Test(arguments: [
        "", "x", "file:///etc/passwd", "artifact://", "artifact:///", "artifact://host/a", "artifact:/a",
        "ARTIFACT:///a", "artifact:///a/b", "artifact:///a%2Fb", "artifact:///..", "artifact:///.",
        "artifact:///%2e%2e",
        "artifact:///.hidden", "artifact:///%2Ehidden", "artifact:///a%00b", "artifact:///a%0", "artifact:///a%zz",
        "artifact:///%FF", "artifact:///a?q", "artifact:///a#f", "skill://", "skill:///a", "skill://a/", "skill://a//b",
        "skill://a/../b", "skill://a/%2e%2e/b", "skill://../a", "skill://a/.git/config", "skill://a/b%2Fc",
        "skill://a/b?c", "artifact:///a%2F%CC%81b", "artifact:///%2E%CC%81hidden", "skill://a/.\u{301}git",
        "artifact:///" + String(repeating: "a", count: 9000),
    ])
    func refusesWhatNoResourceIsCalled(text: String) {
        #expect(ResourceURI(text) == nil)
    }
}
