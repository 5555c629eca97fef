import JSON
import TestSupport
import Testing

@testable import ExecCore

@Suite struct SystemPromptTests {
    private static let shippedSkills = SkillCatalog.load(from: [Repository.path + "/skills"]).skills
    private static let shippedModules = ToolModule.load(from: Repository.path + "/tools")

    private func prompt(
        skills: [Skill] = [], modules: [ToolModule] = [], limits: Limits = Limits(),
        knowledge: LimitKnowledge = LimitKnowledge(), _ change: (inout SandboxConfiguration) -> Void = { _ in }
    ) -> String {
        var configuration = SandboxConfiguration()
        change(&configuration)
        return SystemPrompt(
            configuration: configuration, limits: limits, skills: skills, modules: modules, knowledge: knowledge
        ).text
    }

    private func skill(_ name: String, in directory: String? = nil, description: String) -> Skill {
        Skill(
            name: name, description: description, directoryName: directory ?? name, fileName: "SKILL.md",
            hostDirectory: "/nowhere/\(name)", metadata: [:])
    }

    @Test(arguments: [
        ("a", "d"), (String(repeating: "n", count: 64), String(repeating: "long description ", count: 64)),
        (String(repeating: "n", count: 255), String(repeating: "x", count: 100_000)),
    ])
    func eachFurtherSkillCostsUnderAHundredTokens(name: String, description: String) {
        for directory in [nil, "other"] {
            var further = skill(name, in: directory, description: description)
            further.listsPackages = true
            for network in ["none", "bridge"] {
                let before = prompt(skills: Self.shippedSkills) { $0.network = network }.count
                let after = prompt(skills: Self.shippedSkills + [further]) { $0.network = network }.count
                #expect(after - before < 400)
            }
        }
    }

    @Test func offersThePackagesOfASkillWhereTheyCanBeFetched() throws {
        var needy = skill("forecast", description: "Forecasts.")
        needy.listsPackages = true
        let host = try #require(AllowedHost("pypi.example:443"))
        let offer = "SKILL.md`: Forecasts. For its packages: `pip install -r requirements.txt` there.\n"
        #expect(prompt(skills: [needy]) { $0.network = "bridge" }.contains(offer))
        #expect(prompt(skills: [needy]) { $0.allowedHosts = [host] }.contains(offer))
        #expect(prompt(skills: [needy]).contains("- `/skills/forecast/SKILL.md`: Forecasts.\n"))
        needy.listsPackages = false
        #expect(prompt(skills: [needy]) { $0.network = "bridge" }.contains("SKILL.md`: Forecasts.\n"))
    }

    @Test func listsEachSkillWithThePathToRead() {
        let text = prompt(skills: Self.shippedSkills)
        #expect(text.hasPrefix("# Agentic Code Execution with Domain Skills\n"))
        #expect(text.contains("\n## Available Skills\n"))
        for skill in Self.shippedSkills {
            #expect(text.contains("- `/skills/\(skill.name)/SKILL.md`: \(skill.description)\n"))
        }
        let other = prompt(skills: [skill("reports", in: "dir", description: "d")])
        #expect(other.contains("- **reports** `/skills/dir/SKILL.md`: d\n"))
    }

    @Test func saysWhichSkillsAnAgentWroteAndWhichAreStale() {
        var approved = skill("greet", description: "Greets.")
        approved.provenance = SkillVersion(
            name: "greet", number: 1, digest: "", entries: [], approver: "r", approved: 0, author: "u", written: 0,
            tests: "", untrustedServers: [], requirements: [])
        #expect(prompt(skills: [approved]).contains("`/skills/greet/SKILL.md` (agent-written, approved): Greets.\n"))
        approved.staleReason = "needs\nthe server " + String(repeating: "x", count: 1000)
        let text = prompt(skills: [approved])
        #expect(text.contains("(agent-written, approved; STALE: needs the server xxx"))
        #expect(text.count - prompt().count < 600)
    }

    @Test func saysThatDraftsMayBeLeftWhereSomebodyCanApproveThem() {
        let place = "/workspace/skills/NAME/"
        #expect(prompt { $0.skillStore = "/state" }.contains(place))
        #expect(prompt(skills: Self.shippedSkills) { $0.skillStore = "/state" }.contains(place))
        #expect(!prompt().contains(place))
        let ephemeral = prompt { configuration in
            configuration.skillStore = "/state"
            configuration.workspace = .ephemeral
        }
        #expect(!ephemeral.contains(place))
        #expect(prompt { $0.skillStore = "/state" }.count - prompt().count < 160)
    }

    @Test func keepsASkillOnOneLine() {
        let text = prompt(skills: [skill("a\n## Forged", in: "a", description: "one\n\n# two\r\nthree")])
        #expect(!text.contains("\n# two"))
        #expect(!text.contains("\n## Forged"))
        #expect(text.contains("one # two three"))
    }

    @Test func keepsItsSectionWhereThereAreNoSkills() {
        #expect(prompt().contains("\n## Available Skills\n"))
    }

    @Test func listsEachModuleWithItsFunctions() {
        let text = prompt(modules: Self.shippedModules)
        for word in ["`sympy_helpers`", "`parse_expression`", "`artifact_validation`", "`validate_artifact`", "/tools"]
        {
            #expect(text.contains(word), "\(word)")
        }
        #expect(!prompt().contains("## Python Modules"))
    }

    @Test func namesTheLimits() {
        var limits = Limits()
        limits.maxTimeout = 321
        limits.output = 54_321
        limits.artifactMebibytes = 17
        let text = prompt(limits: limits) {
            $0.memory = ByteCount(bytes: 768 << 20)
            $0.cpus = "2.5"
            $0.pids = 99
        }
        for word in ["321", "54321", "17 MB", "768m memory", "2.5 CPU", "99 processes", "30 seconds"] {
            #expect(text.contains(word), "\(word)")
        }
    }

    @Test(arguments: [
        (LimitKnowledge(), "- Keep within 1g memory, 1 CPU, 256 processes. A command"),
        (
            LimitKnowledge(held: [.memory, .processors, .processes]),
            "- Limits: 1g memory, 1 CPU, 256 processes. A command"
        ),
        (
            LimitKnowledge(broken: [.memory, .processors, .processes]),
            "- Keep within 1g memory, 1 CPU, 256 processes, though nothing here enforces it. A command"
        ),
        (
            LimitKnowledge(held: [.processors], broken: [.memory]),
            "- Limits: 1 CPU. Keep within 1g memory, though nothing here enforces it. Keep within 256 processes. A"
        ),
    ])
    func promisesNoLimitThatIsNotKnownToHold(knowledge: LimitKnowledge, sentence: String) {
        #expect(prompt(knowledge: knowledge).contains(sentence))
    }

    @Test func speaksOfNoNetworkWhereThereIsNone() {
        for (skills, modules) in [(Self.shippedSkills, Self.shippedModules), ([], [])] {
            let text = prompt(skills: skills, modules: modules).lowercased()
            #expect(text.contains("no network"))
            let found = text.matches(of: /http|install|download|\b(curl|wget|pip|requests)\b/).map(\.output.0)
            #expect(found == [])
        }
    }

    @Test(arguments: ["bridge", "lab"])
    func speaksOfTheNetworkWhereThereIsOne(network: String) {
        let text = prompt { $0.network = network }
        #expect(!text.contains("no network"))
        for word in ["HTTP", "requests", "pip install NAME", "works and lasts."] {
            #expect(text.contains(word), "\(word)")
        }
        #expect(!prompt { ($0.network, $0.workspace) = (network, .ephemeral) }.contains("and lasts"))
    }

    @Test(arguments: ["none", "bridge"])
    func namesNothingThatTheImageLacks(network: String) throws {
        let hosts = [try #require(AllowedHost("pypi.example:443"))]
        for text in [prompt { $0.network = network }, prompt { $0.allowedHosts = hosts }] {
            #expect(text.matches(of: /\b(wget|venv|gcc|kaleido|conda)\b/).isEmpty)
            #expect(text.contains("plotly (HTML only)"))
        }
    }

    @Test func namesTheHostsThatCanBeReached() throws {
        let host = try #require(AllowedHost("pypi.example:443"))
        let few = prompt { $0.allowedHosts = [host] }
        #expect(few.contains("The only hosts that can be reached are `pypi.example:443`, over HTTP"))
        #expect(!few.contains("no network"))
        let many = prompt { $0.allowedHosts = (1...23).compactMap { AllowedHost("host-\($0).example:443") } }
        #expect(many.contains("`host-20.example:443` and 3 more, over"))
    }

    @Test func saysWhatBecomesOfTheWorkspace() throws {
        let user = try #require(UserID("ann"))
        #expect(prompt().contains("keeps its files"))
        #expect(prompt { $0.workspace = .ephemeral }.contains("is in memory"))
        #expect(prompt { $0.workspace = .directory(path: "/srv/secret", user: user) }.contains("the user's machine"))
        #expect(!prompt { $0.workspace = .directory(path: "/srv/secret", user: user) }.contains("/srv/secret"))
    }
}
