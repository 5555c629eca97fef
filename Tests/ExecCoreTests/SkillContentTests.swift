import TestSupport
import Testing

@testable import ExecCore

@Suite struct SkillContentTests {
    private func content(
        name: String = "a", main: String? = nil, _ files: [String: String] = [:]
    ) throws(SkillStoreError) -> SkillContent {
        let main = main ?? "---\nname: \(name)\ndescription: d\n---\n"
        let all = ["SKILL.md": main].merging(files) { $1 }
        return try SkillContent(name: name, files: all.map { SkillContent.File(path: $0.key, text: $0.value) })
    }

    @Test func theDigestCoversPathsAndTexts() throws {
        let digests = [
            try content(), try content(["b.py": "x"]), try content(["b.py": "y"]), try content(["c.py": "x"]),
            try content(["b.py": "x", "c.py": ""]), try content(["d/b.py": "x"]),
        ].map(\.digest)
        #expect(Set(digests).count == digests.count)
        #expect(try content(["b.py": "x"]).digest == digests[1])
    }

    @Test(arguments: ["", "A", "a--b", "-a", "a_b", "a/b", "..", "ä", String(repeating: "a", count: 65), "a\n"])
    func refusesNamesThatTheFormatDoesNotHave(name: String) {
        #expect(throws: SkillStoreError.self) { try content(name: name, main: "---\nname: a\ndescription: d\n---\n") }
    }

    @Test(arguments: [
        "/etc/passwd", "../b.py", "b/../c.py", "b//c.py", "b/", ".hidden", "b/.git/c", "a b.py", "a'b.py", "$x.py",
        "-rf", "ä.py", "a\u{301}.py", "a\n.py", "skill.md", "a/b/c/d/e/f/g/h/i.py",
        String(repeating: "a", count: 201),
    ])
    func refusesPaths(path: String) {
        #expect(throws: SkillStoreError.self) { try content([path: "x"]) }
    }

    @Test(arguments: [
        "", "no front matter", "---\nname: b\ndescription: d\n---\n", "---\nname: a\n---\n",
        "---\nname: a\ndescription: ' '\n---\n", "---\nname: a\ndescription: [\n---\n",
        "---\nname: a\ndescription: d\nlicense: 5\n---\n",
        "---\nname: a\ndescription: \(String(repeating: "d", count: 1025))\n---\n",
    ])
    func refusesWhatBreaksTheFormat(main: String) {
        #expect(throws: SkillStoreError.self) { try content(main: main) }
    }

    @Test func refusesTooMuch() throws {
        let many = Dictionary(uniqueKeysWithValues: (0..<63).map { ("f\($0).txt", "") })
        #expect(throws: Never.self) { try content(many) }
        #expect(throws: SkillStoreError.self) { try content(many.merging(["g.txt": ""]) { $1 }) }
        #expect(throws: SkillStoreError.self) { try content(["b.txt": String(repeating: "x", count: 1 << 20)]) }
    }

    @Test func refusesNamesThatAreOneOnADiskThatIgnoresCase() {
        #expect(throws: SkillStoreError.self) { try content(["b.py": "", "B.py": ""]) }
    }
}
