import ExecCore
import Testing

@testable import Bridge
@testable import ExecMCP

@Suite struct SkillRequirementsTests {
    private func declaration(
        _ functions: [String: (String, String)]?, server: String = "git", module: String = "git"
    ) -> ServerDeclaration {
        ServerDeclaration(
            server: server, module: module,
            functions: functions?.mapValues { ServerDeclaration.Function(tool: $0.0, digest: $0.1) })
    }

    private var git: ServerDeclaration {
        declaration(["git_log": ("git-log", "1"), "git_show": ("git-show", "2")])
    }

    @Test func pinsTheToolsThatCodeUses() {
        let requirements = SkillRequirements([git])
        #expect(
            requirements.requirements(of: ["git": ["git_log"]])
                == [SkillRequirement(module: "git", server: "git", tools: ["git-log": "1"], missing: [])])
        #expect(requirements.requirements(of: ["git": ["git-show"]]).first?.tools == ["git-show": "2"])
        #expect(requirements.requirements(of: ["git": Set<String>?.none]).first?.tools.count == 2)
        #expect(requirements.requirements(of: ["other": Set<String>?.none]).first?.server == nil)
    }

    @Test func findsAServerByItsNameOrItsModule() {
        let requirements = SkillRequirements([declaration(["log": ("log", "1")], server: "my-git", module: "my_git")])
        let found = ["my-git", "my_git"].map { requirements.requirements(of: [$0: ["log"]]) }
        #expect(found[0] == found[1])
        #expect(found[0].first?.module == "my_git")
    }

    @Test func saysWhatChanged() {
        let requirement = SkillRequirement(module: "git", server: "git", tools: ["git-log": "1", "git-show": "2"])
        func reason(_ declarations: ServerDeclaration...) -> String? {
            SkillRequirements(declarations).staleReason(of: [requirement])
        }
        #expect(reason(git) == nil)
        #expect(reason(declaration(nil)) == nil, "not listed yet")
        #expect(reason() == "needs the MCP server git, which is not configured here")
        #expect(reason(declaration([:], module: "git_2"))?.contains("another name") == true)
        #expect(
            reason(declaration(["git_log": ("git-log", "9"), "x": ("git-show", "2")]))?.hasSuffix(": git-log") == true)
        #expect(reason(declaration([:]))?.hasSuffix(": git-log, git-show") == true)
    }

    /// The functions that a server has at the approval and later, and those that the code uses.
    struct Change {
        let before: [String]?
        let now: [String]?
        let used: Set<String>?
        /// Part of why the skill is stale; `nil` if it isn't.
        var reason: String?
    }

    static let changes = [
        Change(before: ["log"], now: ["log", "git_show"], used: ["git_show"], reason: "it was approved: git_show"),
        Change(before: ["log"], now: ["log", "git_show"], used: ["log", "git-show"], reason: "approved: git-show"),
        Change(before: ["log"], now: ["log", "git_push"], used: ["log", "git_show"]),
        Change(before: ["log"], now: ["log"], used: ["git_show"]),
        Change(before: nil, now: ["log"], used: ["log"], reason: "unknown when it was approved: log"),
        Change(before: [], now: ["log"], used: nil, reason: "of which none was known"),
        Change(before: nil, now: ["log"], used: nil, reason: "of which none was known"),
        Change(before: [], now: nil, used: ["log"]),
        Change(before: [], now: [], used: nil),
    ]

    @Test(arguments: changes)
    func aToolThatAppearsAfterTheApprovalMakesASkillStale(change: Change) {
        func functions(_ names: [String]?) -> [String: (String, String)]? {
            names.map { names in
                Dictionary(uniqueKeysWithValues: names.map { ($0, ($0.replacing("_", with: "-"), "1")) })
            }
        }
        let requirements = SkillRequirements([declaration(functions(change.before))])
            .requirements(of: ["git": change.used])
        let found = SkillRequirements([declaration(functions(change.now))]).staleReason(of: requirements)
        #expect(found == nil ? change.reason == nil : found?.contains(change.reason ?? "not stale") == true)
    }

    @Test func aServerThatAppearsAfterTheApprovalMakesASkillStale() {
        for used in [["git_log"], nil] as [Set<String>?] {
            let looked = SkillRequirements([]).requirements(of: ["git": used])
            #expect(SkillRequirements([git]).staleReason(of: looked) != nil)
            let unknown = SkillRequirements([]).requirements(of: ["git": used], isPinned: false)
            #expect(SkillRequirements([git]).staleReason(of: unknown) == nil)
        }
    }

    @Test func whatWasNotPinnedIsStaleOnlyWithoutItsServer() {
        let requirement = SkillRequirement(module: "git", server: nil, tools: [:])
        #expect(SkillRequirements([git]).staleReason(of: [requirement]) == nil)
        #expect(SkillRequirements([]).staleReason(of: [requirement]) != nil)
    }
}
