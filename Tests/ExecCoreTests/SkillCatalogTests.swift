import JSON
import TestSupport
import Testing

@testable import ExecCore

@Suite struct SkillCatalogTests {
    private let place: TemporaryDirectory

    init() throws {
        place = try TemporaryDirectory()
    }

    private func load(_ directories: String...) -> SkillCatalog {
        SkillCatalog.load(from: directories.isEmpty ? [place.path] : directories.map { "\(place.path)/\($0)" })
    }

    @Test func readsASkill() throws {
        try place.write(
            "---\nname: charts\ndescription: Use for charts.\nlicense: MIT\n---\n# Text\n", to: "charts/SKILL.md")
        let catalog = load()
        let skill = try #require(catalog.skills.first)
        #expect(catalog.skills.count == 1)
        #expect(catalog.diagnostics == [])
        #expect(skill.name == "charts")
        #expect(skill.description == "Use for charts.")
        #expect(skill.metadata["license"] == "MIT")
        #expect(skill.sandboxPath == "/skills/charts/SKILL.md")
        #expect(skill.hostDirectory == "\(place.path)/charts")
    }

    @Test(arguments: ["SKILL.md", "Skill.md", "skill.md"])
    func readsEachSpellingOfTheFilesName(name: String) throws {
        try place.write("---\nname: a\ndescription: d\n---\n", to: "a/\(name)")
        #expect(load().skills.map(\.sandboxPath) == ["/skills/a/\(name)"])
    }

    @Test func readsTheOfficialSpellingWhereThereAreSeveral() throws {
        for name in ["skill.md", "Skill.md", "SKILL.md"] {
            try place.write("---\nname: a\ndescription: \(name)\n---\n", to: "a/\(name)")
        }
        #expect(load().skills.map(\.description) == ["SKILL.md"])
    }

    @Test(arguments: [
        "---\r\nname: a\r\ndescription: d e\r\n---\r\nText\r\n", "\u{FEFF}---\nname: a\ndescription: d e\n---\n",
        "---\nname: a\ndescription: >-\n  d\n  e\n---\n", "---\nname: 'a'\ndescription: \"d e\"\n...\n",
    ])
    func readsTheFormsSeenInTheWild(text: String) throws {
        try place.write(text, to: "a/SKILL.md")
        #expect(load().skills.map(\.description) == ["d e"])
        #expect(load().diagnostics == [])
    }

    @Test func namesThatDifferInTheirBytesAreTwo() throws {
        for (place, name) in [("a", "cafe\u{301}"), ("b", "caf\u{E9}"), ("b", "cafe\u{301}")] {
            try self.place.write("---\nname: \(name)\ndescription: of \(place)\n---\n", to: "\(place)/\(name)/SKILL.md")
        }
        let memory = SkillCache()
        let directories = ["\(place.path)/a", "\(place.path)/b"]
        for _ in 0..<2 {
            let skills = SkillCatalog.load(from: directories, memory: memory).skills
            #expect(skills.map { Array($0.directoryName.utf8) } == ["cafe\u{301}", "caf\u{E9}"].map { Array($0.utf8) })
            #expect(skills.map(\.description) == ["of a", "of b"])
        }
    }

    @Test func goesByTheDirectorysNameWhereThereIsNoOther() throws {
        try place.write("---\ndescription: d\n---\n", to: "quiet/SKILL.md")
        #expect(load().skills.map(\.name) == ["quiet"])
        #expect(load().diagnostics.map(\.isFatal) == [false])
    }

    @Test func warnsOfAnotherNameAndOfALongDescription() throws {
        let long = String(repeating: "x", count: 1025)
        try place.write("---\nname: other\ndescription: \(long)\n---\n", to: "a/SKILL.md")
        let catalog = load()
        #expect(catalog.skills.map(\.name) == ["other"])
        #expect(catalog.diagnostics.count == 2)
        #expect(catalog.diagnostics.allSatisfy { !$0.isFatal && $0.file == "\(place.path)/a/SKILL.md" })
        #expect(catalog.diagnostics.contains { $0.message.contains("1025") })
    }

    @Test(arguments: [
        ("---\nname: a\n---\n", 1, "description"), ("---\nname: a\ndescription: ''\n---\n", 1, "description"),
        ("---\nname: a\ndescription: '  '\n---\n", 1, "description"),
        ("---\nname: a\ndescription: 7\n---\n", 1, "description"), ("# No front matter\n", 1, "front matter"),
        ("", 1, "front matter"), ("---\nname: a\n", 1, "closing line"), ("---\nname: a\ndescription: [d\n---\n", 3, ""),
        ("---\nname: a\n  bad: 1\n---\n", 3, ""), ("---\n- a\n---\n", 2, "array"),
    ])
    func leavesOutWhatItCannotReadAndNamesTheLine(text: String, line: Int, part: String) throws {
        try place.write(text, to: "a/SKILL.md")
        try place.write("---\nname: good\ndescription: d\n---\n", to: "good/SKILL.md")
        let catalog = load()
        #expect(catalog.skills.map(\.name) == ["good"])
        let diagnostic = try #require(catalog.diagnostics.first)
        #expect(catalog.diagnostics.count == 1)
        #expect(diagnostic.isFatal)
        #expect(diagnostic.line == line)
        #expect(diagnostic.message.contains(part), "\(diagnostic.message)")
        #expect(diagnostic.description.hasPrefix("\(place.path)/a/SKILL.md:\(line): "))
        #expect(diagnostic.description.hasSuffix("; the skill is left out"))
    }

    @Test func leavesOutWhatIsNoText() throws {
        try place.write([0x2D, 0x2D, 0x2D, 0x0A, 0xFF, 0xFE], to: "a/SKILL.md")
        #expect(load().skills == [])
        #expect(load().diagnostics.map(\.message) == ["is not UTF-8"])
    }

    @Test func leavesOutWhatIsTooLargeOrNoFile() throws {
        try place.write(Array(repeating: 0x61, count: (4 << 20) + 1), to: "large/SKILL.md")
        try place.makeDirectory("odd/SKILL.md")
        #expect(load().skills == [])
        #expect(load().diagnostics.count == 2)
        #expect(load().diagnostics.allSatisfy { $0.isFatal && $0.line == nil && $0.message.contains("cannot be read") })
    }

    @Test func takesTheFirstOfTwoSkillsInDirectoriesOfOneName() throws {
        for directory in ["one", "two"] {
            try place.write("---\nname: same\ndescription: of \(directory)\n---\n", to: "\(directory)/same/SKILL.md")
        }
        try place.write("---\nname: other\ndescription: d\n---\n", to: "two/other/SKILL.md")
        #expect(load("one", "two").skills.map(\.description) == ["d", "of one"])
        #expect(load("two", "one").skills.map(\.description) == ["d", "of two"])
    }

    @Test func passesOverWhatIsNoSkill() throws {
        try place.write("text", to: "README.md")
        try place.write("text", to: "notes/README.md")
        try place.write("---\nname: a\ndescription: d\n---\n", to: ".hidden/SKILL.md")
        try place.write("---\nname: a\ndescription: d\n---\n", to: "a/deeper/SKILL.md")
        #expect(load() == SkillCatalog(skills: [], diagnostics: []))
        #expect(load("nowhere") == SkillCatalog(skills: [], diagnostics: []))
        #expect(SkillCatalog.load(from: []) == SkillCatalog(skills: [], diagnostics: []))
    }

    @Test(arguments: ["a\nb", "a\r\nb", "\u{7}"])
    func leavesOutASkillThatNoEngineCouldMount(name: String) throws {
        try place.write("---\nname: a\ndescription: d\n---\n", to: "\(name)/SKILL.md")
        #expect(load().skills == [])
        #expect(load().diagnostics.map(\.isFatal) == [true])
    }

    @Test func findsNothingWrongWithTheShippedSkills() {
        let catalog = SkillCatalog.load(from: [Repository.path + "/skills"])
        #expect(
            catalog.skills.map(\.name) == [
                "data-visualization", "documents-and-slides", "machine-learning", "pdf", "spreadsheets",
                "sql-on-files", "symbolic-computation", "web-data",
            ])
        #expect(catalog.diagnostics == [])
    }
}
