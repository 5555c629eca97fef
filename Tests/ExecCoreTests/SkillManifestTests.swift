import Hashing
import SystemCalls
import TestSupport
import Testing

@testable import ExecCore

@Suite struct SkillManifestTests {
    private let place: TemporaryDirectory
    private let manifests = SkillManifests()

    init() throws {
        place = try TemporaryDirectory()
    }

    private func skill(_ frontMatter: String = "name: s\ndescription: d") throws -> Skill {
        try place.write("---\n\(frontMatter)\n---\n", to: "s/SKILL.md")
        return try #require(SkillCatalog.load(from: [place.path]).skills.first)
    }

    @Test func givesTheDigestOfEachFile() throws {
        let skill = try skill()
        try place.write("abc", to: "s/a/b.txt")
        let entries = try manifests.manifest(of: skill).entries
        #expect(entries.map(\.path) == ["SKILL.md", "a/b.txt"])
        #expect(entries[1].size == 3)
        #expect(entries[1].digest == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        let main = try #require(Files.read("\(skill.hostDirectory)/SKILL.md", limit: 1000))
        #expect(entries[0].digest == "sha256:" + SHA256.hexDigest(of: main))
    }

    @Test func seesEveryChangeAtOnce() throws {
        let skill = try skill()
        var digests: Set<String> = []
        for number in 0..<50 {
            // The same size each time, and faster than the clock of the file system ticks.
            try place.write(String(100 + number), to: "s/a.txt")
            digests.insert(try manifests.manifest(of: skill).entries[1].digest)
        }
        #expect(digests.count == 50)
    }

    @Test(arguments: [
        "name: a-b-2\ndescription: d", "name: s\ndescription: d\nversion: 1.0\ntags: [a, 2]\nnested: {a: {b: 1}}",
        "name: s\ndescription: d\nlicense: MIT\ncompatibility: Linux\nallowed-tools: Read\nmetadata:\n  version: '1.0'",
    ])
    func offersWhatKeepsTheFormat(frontMatter: String) throws {
        #expect(try manifests.manifest(of: skill(frontMatter)).entries.count == 1)
    }

    @Test(arguments: [
        ("description: d", "name"), ("name: My Skill\ndescription: d", "name"), ("name: Upper\ndescription: d", "name"),
        ("name: -a\ndescription: d", "name"), ("name: a--b\ndescription: d", "name"),
        ("name: 7\ndescription: d", "name"),
        ("name: \(String(repeating: "a", count: 65))\ndescription: d", "name"),
        ("name: s\ndescription: \(String(repeating: "d", count: 1025))", "description"),
        ("name: s\ndescription: d\nlicense: 1.0", "license"),
        ("name: s\ndescription: d\nallowed-tools: [a]", "allowed"),
        ("name: s\ndescription: d\ncompatibility: ''", "compatibility"),
        ("name: s\ndescription: d\nmetadata: text", "metadata"), ("name: s\ndescription: d\nx: .inf", "JSON"),
        ("name: s\ndescription: d\nx: {y: [1, .nan]}", "JSON"), ("name: s\ndescription: d\nx: 1e999", "JSON"),
        ("name: s\ndescription: d\nmetadata:\n  version: 1.0", "metadata.version"),
    ])
    func refusesWhatBreaksTheFormatAndSaysWhere(frontMatter: String, field: String) throws {
        let skill = try skill(frontMatter)
        let error = #expect(throws: ExecError.self) { try manifests.manifest(of: skill) }
        #expect(error?.code == .refused)
        #expect(error?.message.contains(field) == true)
        #expect(error?.message.contains(skill.hostDirectory) == true)
    }

    @Test func refusesASkillThatIsNotAllThere() throws {
        let skill = try skill()
        for number in 0..<512 { try place.write("", to: "s/f\(number)") }
        #expect(throws: ExecError.self) { try manifests.manifest(of: skill) }
    }
}
