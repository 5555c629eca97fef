import Foundation
import TestSupport
import Testing

@testable import ExecCore

@Suite struct SkillFilesTests {
    private let place: TemporaryDirectory

    init() throws {
        place = try TemporaryDirectory()
    }

    /// A skill with the given files besides its own.
    private func skill(_ files: [String: String] = [:], main: String = "SKILL.md") throws -> Skill {
        try place.write("---\nname: s\ndescription: d\n---\nText\n", to: "s/\(main)")
        for (path, content) in files { try place.write(content, to: "s/\(path)") }
        return try #require(SkillCatalog.load(from: [place.path]).skills.first)
    }

    @Test func findsFilesAtAnyDepthInTheOrderOfTheirPaths() throws {
        let skill = try skill(["b.md": "bb", "a/z.py": "z", "a/deep/er/x.txt": "", ".hidden": "h", ".git/config": "h"])
        let files = skill.files()
        #expect(files.files.map(\.path) == ["SKILL.md", "a/deep/er/x.txt", "a/z.py", "b.md"])
        #expect(files.files.map(\.size) == [36, 0, 1, 2])
        #expect(files.totalSize == 39)
        #expect(files.defect == nil)
        #expect(try skill.read("a/z.py") == Array("z".utf8))
    }

    @Test(arguments: ["Skill.md", "skill.md"])
    func callsTheMainFileByItsOfficialName(spelling: String) throws {
        let skill = try skill(main: spelling)
        #expect(skill.files().files.map(\.path) == ["SKILL.md"])
        #expect(try skill.read("SKILL.md").starts(with: Array("---\nname: s".utf8)))
    }

    @Test(arguments: [
        "", "/", "nix", "../s/SKILL.md", "a", "a/", "/etc/passwd", "a/../SKILL.md", "./SKILL.md", "SKILL.md/",
        ".hidden",
        "a\0b", "link",
    ])
    func readsNothingElse(path: String) throws {
        let skill = try skill(["a/z.py": "z", ".hidden": "h"])
        try FileManager.default.createSymbolicLink(
            atPath: "\(skill.hostDirectory)/link", withDestinationPath: "/etc/passwd")
        let error = #expect(throws: ExecError.self) { try skill.read(path) }
        #expect(error?.code == .notFound)
    }

    @Test(arguments: ["/etc/passwd", "SKILL.md", "../..", "nowhere"])
    func followsNoLink(target: String) throws {
        let skill = try skill()
        try FileManager.default.createSymbolicLink(
            atPath: "\(skill.hostDirectory)/link", withDestinationPath: target)
        let files = skill.files()
        #expect(files.files.map(\.path) == ["SKILL.md"])
        #expect(files.defect?.contains("link") == true)
    }

    @Test func doesNotWaitForAPipe() throws {
        let skill = try skill()
        #expect(mkfifo("\(skill.hostDirectory)/pipe", 0o644) == 0)
        #expect(skill.files().defect?.contains("pipe") == true)
    }

    @Test func takesAsManyFilesAsAHostMust() throws {
        let most = try skill(Dictionary(uniqueKeysWithValues: (1..<512).map { ("f\(10_000 + $0)", "") }))
        #expect(most.files().files.count == 512)
        #expect(most.files().defect == nil)
        try place.write("", to: "s/one-more")
        #expect(most.files().files.count == 512)
        #expect(most.files().defect?.contains("512 files") == true)
    }

    @Test func takesAsManyBytesAsAHostMust() throws {
        let half = String(repeating: "x", count: 8 << 20)
        let skill = try skill(["a": half, "b": String(half.dropLast(36))])
        #expect(skill.files().totalSize == 16 << 20)
        #expect(skill.files().defect == nil)
        try place.write("x", to: "s/c")
        #expect(skill.files().defect?.contains("16777216 bytes") == true)
    }

    @Test func comesToAnEndWhereDirectoriesAreNestedWithoutOne() throws {
        let skill = try skill([String(repeating: "d/", count: 40) + "f": ""])
        #expect(skill.files().files.map(\.path) == ["SKILL.md"])
        #expect(skill.files().defect?.contains("nested") == true)
    }
}
