import Foundation
import TestSupport
import Testing

@testable import ExecCore

@Suite struct SkillLinksTests {
    private let place: TemporaryDirectory

    init() throws {
        place = try TemporaryDirectory()
    }

    private func load() -> SkillCatalog {
        SkillCatalog.load(from: ["\(place.path)/skills"])
    }

    private func link(_ path: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(place.path)/\(path)", withDestinationPath: target)
    }

    @Test func takesASkillThatIsALink() throws {
        try place.write("---\nname: linked\ndescription: d\n---\n", to: "elsewhere/linked/SKILL.md")
        try place.makeDirectory("skills")
        try link("skills/linked", to: "\(place.path)/elsewhere/linked")
        #expect(load().skills.map(\.sandboxPath) == ["/skills/linked/SKILL.md"])
        #expect(load().diagnostics == [])
    }

    @Test func saysThatALinkLeadsNowhereAndTakesTheSkillOfAnotherDirectory() throws {
        try place.makeDirectory("skills")
        try link("skills/gone", to: "\(place.path)/nowhere")
        try link("skills/round", to: "round")
        try place.write("---\nname: gone\ndescription: d\n---\n", to: "more/gone/SKILL.md")
        let catalog = SkillCatalog.load(from: ["\(place.path)/skills", "\(place.path)/more"])
        #expect(catalog.skills.map(\.hostDirectory) == ["\(place.path)/more/gone"])
        #expect(
            catalog.diagnostics.map(\.description).sorted()
                == ["gone", "round"].map {
                    "\(place.path)/skills/\($0): is a dangling link; the skill is left out"
                })
    }

    /// `%` is the skills' own place.
    @Test(arguments: [
        ("/etc/hostname", false), ("%/outside.md", false), ("../../outside.md", false), ("%/skills/a/in.md", false),
        ("in.md", true), ("../a/in.md", true), ("../b/in.md", true), ("gone.md", true),
    ])
    func warnsOfALinkThatLeadsOutOfTheSkills(target: String, isFine: Bool) throws {
        try place.write("---\nname: a\ndescription: d\n---\n", to: "skills/a/SKILL.md")
        for name in ["skills/a/in.md", "skills/b/in.md", "outside.md"] { try place.write("", to: name) }
        try link("skills/a/link.md", to: target.replacingOccurrences(of: "%", with: place.path))
        let catalog = load()
        #expect(catalog.skills.map(\.name) == ["a"])
        #expect(catalog.diagnostics.map(\.isFatal) == (isFine ? [] : [false]))
        #expect(catalog.diagnostics.allSatisfy { $0.message.contains("link.md") })
    }

    @Test func takesTheFilesBesideALinkedSkillForThingsThatAreNotThere() throws {
        try place.write("---\nname: a\ndescription: d\n---\n", to: "elsewhere/a/SKILL.md")
        try place.write("", to: "elsewhere/shared.md")
        try place.makeDirectory("skills")
        try link("elsewhere/a/shared.md", to: "../shared.md")
        try link("skills/a", to: "../elsewhere/a")
        #expect(load().diagnostics.map(\.isFatal) == [false])
    }

    @Test(arguments: ["%/elsewhere.md", "../../elsewhere.md"])
    func leavesOutASkillWhoseFileIsALinkThatLeadsOut(target: String) throws {
        try place.write("---\nname: a\ndescription: d\n---\n", to: "elsewhere.md")
        try place.makeDirectory("skills/a")
        try link("skills/a/SKILL.md", to: target.replacingOccurrences(of: "%", with: place.path))
        #expect(load().skills == [])
        #expect(load().diagnostics.map(\.isFatal) == [true])
        #expect(load().diagnostics.first?.message.contains("link") == true)
    }
}
