import Bridge
import ExecCore
import MCP
import PrivateData

/// Generates the system prompt from the current skills, modules and limits.
struct SystemPromptSource: Sendable {
    private let configuration: SandboxConfiguration
    private let limits: Limits
    private let skills: SkillLibrary
    private let pool: SandboxPool
    private let bridge: Bridge?
    private let bridgeBudget: Int
    private let replacesPrivateData: Bool
    /// About 35 tokens, in every conversation.
    private static let privateDataNote = """
        Tokens such as `<email-3f9a2c>` stand for private values. Use them unchanged wherever you would use the value, \
        quoted in commands: the real value is put in.
        """

    init(options: Options, skills: SkillLibrary, pool: SandboxPool, bridge: Bridge? = nil) {
        self.bridge = bridge
        bridgeBudget = options.mcpPromptBudget
        replacesPrivateData = options.privateData != .off
        configuration = options.configuration
        limits = options.limits
        self.skills = skills
        self.pool = pool
    }

    /// - Returns: the prompt, and what it says about tools of other MCP servers; `nil` if there are none.
    func prompt(for user: UserID) async -> (text: String, bridge: BridgeReport?) {
        let modules = configuration.toolsDirectory.map(ToolModule.load) ?? []
        async let contents = pool.imageContents()
        let tools = await bridge?.prompt(for: user, budget: bridgeBudget)
        // A sandbox that runs has no skills that were approved since.
        let mounted = await pool.approvedSkills(of: user)
        let skills = skills.skillsInSandbox(of: user).filter { skill in
            skill.provenance == nil || mounted?.contains(skill.name) != false
        }
        let prompt = await SystemPrompt(
            configuration: configuration, limits: limits, skills: skills, modules: modules, contents: contents,
            knowledge: pool.limitKnowledge, bridgeSection: tools?.section,
            note: replacesPrivateData ? Self.privateDataNote : nil)
        return (prompt.text, tools?.report)
    }
}
