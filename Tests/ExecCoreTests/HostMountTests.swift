import Foundation
import SystemCalls
import TestSupport
import Testing

@testable import ExecCore

@Suite struct HostMountTests {
    private let place: TemporaryDirectory
    /// ``place`` without links.
    private let root: String

    init() throws {
        place = try TemporaryDirectory()
        root = try #require(Files.realPath(place.path))
    }

    private func link(_ path: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(root)/\(path)", withDestinationPath: target)
    }

    private func mounts(skills: [String] = [], tools: String? = nil) -> HostMounts {
        var configuration = SandboxConfiguration()
        configuration.skillsDirectories = skills.map { "\(root)/\($0)" }
        configuration.toolsDirectory = tools.map { "\(root)/\($0)" }
        return HostMounts(configuration)
    }

    private func expect(_ mounts: HostMounts, _ expected: [(source: String, target: String)]) {
        #expect(mounts.mounts == expected.map { HostMount(source: "\(root)/\($0.source)", target: $0.target) })
        #expect(mounts.warnings == [])
    }

    @Test func namesThatDifferInTheirBytesAreTwo() throws {
        for name in ["a/cafe\u{301}", "b/caf\u{E9}", "b/cafe\u{301}"] { try place.makeDirectory(name) }
        let targets = mounts(skills: ["a", "b"]).mounts.map { Array($0.target.utf8) }
        #expect(targets == ["/skills/cafe\u{301}", "/skills/caf\u{E9}"].map { Array($0.utf8) })
    }

    @Test func mountsInstalledSkillsOneByOneBesideApprovedOnes() throws {
        for name in ["a/one", "a/two", "b"] { try place.makeDirectory(name) }
        let approved = try ["two", "three"].map { name in
            let content = try SkillContent(
                name: name,
                files: [SkillContent.File(path: "SKILL.md", text: "---\nname: \(name)\ndescription: d\n---\n")])
            let version = SkillVersion(
                name: name, number: 1, digest: content.digest, entries: content.entries, approver: "r", approved: 0,
                author: "u", written: 0, tests: "", untrustedServers: [], requirements: [])
            return ApprovedSkill(version: version, directory: "\(root)/b", isShared: false)
        }
        var configuration = SandboxConfiguration()
        configuration.skillsDirectories = ["\(root)/a"]
        let mounts = HostMounts(configuration, approved: approved)
        expect(mounts, [("a/one", "/skills/one"), ("a/two", "/skills/two"), ("b", "/skills/three")])
        #expect(mounts.approvedNames == ["three"])
        #expect(mounts.approvedSources == ["\(root)/b"])
    }

    @Test func mountsOneDirectoryWhole() throws {
        for name in ["skills/a", "tools/package"] { try place.makeDirectory(name) }
        try link("skills/alias", to: "a")
        try link("skills/gone", to: "nowhere")
        expect(mounts(skills: ["skills"], tools: "tools"), [("tools", "/tools"), ("skills", "/skills")])
        expect(mounts(), [])
        expect(mounts(skills: ["nowhere"]), [("nowhere", "/skills")])
    }

    @Test func putsSeveralTogetherSkillBySkill() throws {
        for name in ["one/a", "one/b", "two/b", "two/c", "two/.hidden"] { try place.makeDirectory(name) }
        try place.write("", to: "two/file")
        expect(
            mounts(skills: ["one", "two"]),
            [("one/a", "/skills/a"), ("one/b", "/skills/b"), ("two/c", "/skills/c")])
    }

    @Test(arguments: ["absolute", "relative"])
    func mountsPieceByPieceWhereALinkLeadsOut(kind: String) throws {
        for name in ["skills/own", "elsewhere/linked", "tools/package"] { try place.makeDirectory(name) }
        for name in ["skills/README.md", "elsewhere/module.py", "tools/own.py"] { try place.write("", to: name) }
        let start = kind == "absolute" ? root : ".."
        try link("skills/linked", to: "\(start)/elsewhere/linked")
        try link("skills/again", to: "linked")
        try link("skills/gone", to: "\(start)/elsewhere/nothing")
        try link("tools/module.py", to: "\(start)/elsewhere/module.py")
        expect(
            mounts(skills: ["skills"], tools: "tools"),
            [
                ("elsewhere/module.py", "/tools/module.py"), ("tools/own.py", "/tools/own.py"),
                ("tools/package", "/tools/package"), ("skills/README.md", "/skills/README.md"),
                ("elsewhere/linked", "/skills/again"), ("elsewhere/linked", "/skills/linked"),
                ("skills/own", "/skills/own"),
            ])
    }

    /// The link is right only where the directory is.
    @Test func takesAnAbsoluteLinkForOneThatLeadsOut() throws {
        try place.makeDirectory("skills/own")
        try link("skills/alias", to: "\(root)/skills/own")
        expect(mounts(skills: ["skills"]), [("skills/own", "/skills/alias"), ("skills/own", "/skills/own")])
    }

    @Test(arguments: ["a\nb", "a\r\nb", "a\rb", "\u{1B}[31m", "\u{7F}"])
    func leavesOutWhatNoEngineCouldMount(name: String) throws {
        for name in ["one/fine", "one/\(name)", "elsewhere/\(name)"] { try place.makeDirectory(name) }
        try link("one/linked", to: "\(root)/elsewhere/\(name)")
        let mounts = mounts(skills: ["one"])
        #expect(mounts.mounts == [HostMount(source: "\(root)/one/fine", target: "/skills/fine")])
        #expect(mounts.warnings.count == 2)
        #expect(mounts.warnings.allSatisfy { $0.contains("its path has a control character") })
    }

    #if canImport(Glibc)
        @Test func saysWhatOfSeveralDirectoriesHasANameThatIsNoText() throws {
            for name in ["one/fine", "two"] { try place.makeDirectory(name) }
            for raw: [UInt8] in [Array("caf".utf8) + [0xE9], [0xFF], Array(".hidden".utf8) + [0xE9]] {
                let path = (Array("\(root)/two/".utf8) + raw + [0]).map { CChar(bitPattern: $0) }
                try #require(mkdir(path, 0o755) == 0)
            }
            let several = mounts(skills: ["one", "two"])
            #expect(several.mounts.map(\.target) == ["/skills/fine"])
            #expect(
                several.warnings
                    == ["\u{FFFD}", "caf\u{FFFD}"].sorted().map {
                        "\(root)/two/\($0) is not in the sandbox: its name is not UTF-8"
                    })
            // One directory is mounted whole.
            expect(mounts(skills: ["two"]), [("two", "/skills")])
        }
    #endif
}
