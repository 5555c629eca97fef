import TestSupport
import Testing

@testable import ExecCore

@Suite struct SkillMountTests {
    @Test func mountsOneDirectoryWhole() {
        #expect(
            SkillMount.mounts(of: ["/nowhere/skills"]) == [SkillMount(source: "/nowhere/skills", target: "/skills")])
        #expect(SkillMount.mounts(of: []) == [])
    }

    @Test func putsSeveralTogetherSkillBySkill() throws {
        let place = try TemporaryDirectory()
        for name in ["one/a", "one/b", "two/b", "two/c", "two/.hidden"] { try place.makeDirectory(name) }
        try place.write("", to: "two/file")
        #expect(
            SkillMount.mounts(of: ["\(place.path)/one", "\(place.path)/two"]) == [
                SkillMount(source: "\(place.path)/one/a", target: "/skills/a"),
                SkillMount(source: "\(place.path)/one/b", target: "/skills/b"),
                SkillMount(source: "\(place.path)/two/c", target: "/skills/c"),
            ])
    }
}
