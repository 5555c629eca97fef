import Diagnostics
import ExecCore
import JSON
import MCP
import PrivateData
import TestSupport
import Testing

@testable import ExecMCP

/// Skills that agents wrote, with values that were put into their drafts.
@Suite struct PrivateSkillTests {
    private static let mail = "ada.lovelace@analytical.org"

    private let place: TemporaryDirectory
    private let filter = PrivateDataFilter(vaults: PrivateDataVaults(mode: .all))
    private let library: SkillLibrary
    private let ana: UserID
    private let ben: UserID

    init() throws {
        place = try TemporaryDirectory()
        ana = try #require(UserID("ana"))
        ben = try #require(UserID("ben"))
        let store = SkillStore(path: "\(place.path)/skills")
        let main = "---\nname: greet\ndescription: Greets \(Self.mail).\nowner: \(Self.mail)\n---\nTo \(Self.mail)\n"
        let content = try SkillContent(name: "greet", files: [SkillContent.File(path: "SKILL.md", text: main)])
        try store.approve(content, in: .shared) { number in
            SkillVersion(
                name: content.name, number: number, digest: content.digest, entries: content.entries,
                approver: "reviewer", approved: 1_800_000_000, author: "ana", written: 1_799_999_999, tests: "1 passed",
                untrustedServers: [], requirements: [])
        }
        library = SkillLibrary(
            directories: [], store: store, privateData: filter,
            logger: Logger(program: "exec-mcp", level: .error) { _ in })
    }

    @Test func everyUserSeesTokensOfTheirOwn() throws {
        var seen: Set<String> = []
        for user in [ana, ben] {
            let skill = try #require(library.skill(named: "greet", of: user))
            let bytes = filter.redacted(try skill.read("SKILL.md"), of: skill, for: user)
            let texts = [
                skill.description, JSON.object(skill.metadata).text, library.entry(skill)?.text ?? "",
                library.resources(of: user, after: nil, atMost: 9).compactMap(\.description).joined(),
                library.skillsInSandbox(of: user).map(\.description).joined(), String(decoding: bytes, as: UTF8.self),
            ]
            for text in texts { #expect(text.contains("<email-") && !text.contains("lovelace"), "\(text)") }
            seen.insert(skill.description)
        }
        #expect(seen.count == 2)
    }

    @Test func whatTheOperatorInstalledStaysAsItIs() throws {
        var skill = try #require(library.skill(named: "greet", of: ana))
        skill.provenance = nil
        skill = skill.described(as: Self.mail, metadata: [:])
        #expect(filter.redacted(skill, of: ana) == skill)
        #expect(filter.redacted(Array(Self.mail.utf8), of: skill, for: ana) == Array(Self.mail.utf8))
    }
}
