import TestSupport
import Testing

@testable import ExecCore

/// What is remembered of skills: all that cannot have changed, and nothing else.
@Suite(.timeLimit(.minutes(3))) struct SkillCacheTests {
    private let place: TemporaryDirectory
    private let memory = SkillCache()

    init() throws {
        place = try TemporaryDirectory()
    }

    private func write(_ description: String, to path: String = "s/SKILL.md") throws {
        try place.write("---\nname: s\ndescription: \(description)\n---\n", to: path)
    }

    private func load() -> SkillCatalog { SkillCatalog.load(from: [place.path], memory: memory) }

    /// Loads until so many skills are remembered: those that were written a moment ago are not.
    private func loadUntilRemembered(_ count: Int) async throws {
        while memory.count != count {
            try await Task.sleep(for: .milliseconds(50))
            _ = load()
        }
    }

    @Test func seesEveryChangeOfAYoungFile() throws {
        var descriptions: Set<String> = []
        for number in 0..<50 {
            // The same size each time, and faster than the clock of the file system ticks.
            try write("d\(100 + number)")
            descriptions.formUnion(load().skills.map(\.description))
        }
        #expect(descriptions.count == 50)
        #expect(memory.count == 0)
    }

    @Test func givesTheSameAgainAndSeesEveryChangeOfWhatItRemembers() async throws {
        try write("first")
        try write("second", to: "other/SKILL.md")
        try place.write("no front matter", to: "broken/SKILL.md")
        let fresh = load()
        try await loadUntilRemembered(3)
        #expect(load() == fresh)
        #expect(fresh.skills.count == 2)
        #expect(fresh.diagnostics.count == 2)

        try write("third")
        try place.write("", to: "other/Skill.md")
        #expect(load().skills.map(\.description) == ["second", "third"])
        #expect(memory.count == 1)
    }

    @Test func usesTheFileThatComesFirst() async throws {
        try write("lower", to: "s/skill.md")
        try await loadUntilRemembered(1)
        try write("upper")
        #expect(load().skills.map(\.description) == ["upper"])
    }

    @Test func forgetsWhatIsGone() async throws {
        try write("first")
        try write("second", to: "other/SKILL.md")
        try await loadUntilRemembered(2)
        #expect(SkillCatalog.load(from: [], memory: memory).skills.isEmpty)
        #expect(memory.count == 0)
    }
}
