import JSON
import Testing

@testable import ExecCore

@Suite struct ArtifactTests {
    @Test(arguments: [
        "a", "a b.txt", "a.", "日本.csv", "line\nbreak", "-rf", "é", String(repeating: "x", count: 255), "\u{301}.txt",
    ])
    func knowsAName(name: String) {
        #expect(Artifact.isName(name))
    }

    @Test(arguments: [
        "", ".", "..", ".hidden", ".\u{301}hidden", "a/b", "/a", "a/", "a/\u{301}b", "../a", "a\0b",
        String(repeating: "x", count: 256), String(repeating: "é", count: 128),
    ])
    func knowsWhatIsNoName(name: String) {
        #expect(!Artifact.isName(name))
    }

    @Test func takesWhatTheGuestTells() throws {
        let artifact = try #require(Artifact(["name": "a.csv", "size": 12, "modified": 1_700_000_000]))
        #expect(artifact.name == "a.csv")
        #expect(artifact.size == 12)
        #expect(artifact.modified == 1_700_000_000)
        #expect(Artifact(["name": "a.csv", "size": 0])?.modified == nil)
    }

    @Test(
        arguments: [
            [:], ["name": "a"], ["size": 1], ["name": "a", "size": -1], ["name": ".a", "size": 1],
            ["name": "a/b", "size": 1], ["name": 1, "size": 1], "a", .null,
        ] as [JSON])
    func takesNothingElse(value: JSON) {
        #expect(Artifact(value) == nil)
    }
}
