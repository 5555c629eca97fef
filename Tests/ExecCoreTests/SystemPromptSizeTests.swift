import TestSupport
import Testing

@testable import ExecCore

/// How long the prompt is with what is shipped. By the vocabulary o200k, whose tokens are shorter here than those of
/// cl100k, a token of it has 3.89 characters: 1,100 are 4,279.
@Suite struct SystemPromptSizeTests {
    private static let skills = SkillCatalog.load(from: [Repository.path + "/skills"]).skills
    private static let modules = ToolModule.load(from: Repository.path + "/tools")

    /// What a prompt is made from.
    private struct Inputs {
        var configuration = SandboxConfiguration()
        var limits = Limits()
        var contents = ImageContents.standard
        var knowledge = LimitKnowledge()
        var note: String?

        var text: String {
            SystemPrompt(
                configuration: configuration, limits: limits, skills: SystemPromptSizeTests.skills,
                modules: SystemPromptSizeTests.modules, contents: contents, knowledge: knowledge, note: note
            ).text
        }
    }

    private typealias Change = @Sendable (inout Inputs) -> Void

    /// Each list has the alternatives of one sentence.
    private static func choices() throws -> [[Change]] {
        let user = try #require(UserID("ann"))
        let hosts = ["pypi.org:443", "files.pythonhosted.org:443"].compactMap { AllowedHost($0) }
        try #require(hosts.count == 2)
        let all = Set(LimitKind.allCases)
        return [
            [
                { $0.configuration.network = "none" }, { $0.configuration.network = "bridge" },
                { $0.configuration.allowedHosts = hosts },
            ],
            [
                { $0.configuration.workspace = .persistent }, { $0.configuration.workspace = .ephemeral },
                { $0.configuration.workspace = .directory(path: "/srv", user: user) },
            ],
            [{ _ in }, { $0.configuration.skillStore = "/state" }],
            [
                { _ in }, { $0.knowledge = LimitKnowledge(held: all) }, { $0.knowledge = LimitKnowledge(broken: all) },
                { $0.knowledge = LimitKnowledge(held: [.processors], broken: [.memory]) },
            ],
            [{ _ in }, { $0.limits.jobTimeout = 0 }, { $0.limits.idleTimeout = 0 }],
            [
                { _ in }, { $0.contents = ImageContents(variant: .slim) },
                { $0.contents = ImageContents(variant: nil) },
                { $0.contents = ImageContents(variant: .standard, added: ["rich", "httpx"]) },
            ],
            // As long as what is said of private data.
            [{ _ in }, { $0.note = String(repeating: "n", count: 160) }],
        ]
    }

    @Test func staysUnderElevenHundredTokensWithEveryCombinationOfOptions() throws {
        var all: [Inputs] = [Inputs()]
        for alternatives in try Self.choices() {
            all = all.flatMap { inputs in
                alternatives.map { change in
                    var changed = inputs
                    change(&changed)
                    return changed
                }
            }
        }
        let longest = all.map(\.text.count).max() ?? 0
        print("the longest prompt has \(longest) characters, the default one \(Inputs().text.count)")
        #expect(all.count == 1728)
        #expect((4000...4279).contains(longest), "\(longest)")
    }

    @Test(arguments: skills) func eachSkillCostsUnderSixtyTokens(skill: Skill) {
        let text = SystemPrompt(
            configuration: SandboxConfiguration(), limits: Limits(), skills: [skill], modules: []
        ).text
        let entries = text.split(separator: "\n").filter { $0.contains(skill.sandboxPath) }
        #expect(entries.count == 1)
        #expect(entries.allSatisfy { $0.count < 240 })
    }

    @Test func hostsAndAddedPackagesCostTheirNames() throws {
        var inputs = Inputs()
        inputs.configuration.allowedHosts = (1...40).compactMap { AllowedHost("host-\($0).example:443") }
        let many = inputs.text.count
        inputs.configuration.allowedHosts = Array(inputs.configuration.allowedHosts.prefix(1))
        #expect(many - inputs.text.count < 20 * 26)

        let names = (1...500).map { "package-\($0)-" + String(repeating: "x", count: 20) }
        let image = ImageDescription(
            id: "sha256:1", size: 1, created: nil,
            labels: ["exec-mcp.build-inputs": "x", "exec-mcp.added-packages": names.joined(separator: ",")])
        var added = Inputs()
        added.contents = ImageContents(of: image)
        #expect(added.text.contains("and 480 more"))
        #expect(added.text.count - Inputs().text.count < 20 * 36)
    }
}
