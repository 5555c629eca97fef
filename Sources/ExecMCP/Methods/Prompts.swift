import ExecCore
import JSON
import JSONRPC
import MCP

/// Generates the system prompt from the current skills, modules and limits.
struct SystemPromptSource: Sendable {
    private let configuration: SandboxConfiguration
    private let limits: Limits
    private let skills: SkillLibrary
    private let pool: SandboxPool

    init(options: Options, skills: SkillLibrary, pool: SandboxPool) {
        configuration = options.configuration
        limits = options.limits
        self.skills = skills
        self.pool = pool
    }

    func text() -> String {
        let modules = configuration.toolsDirectory.map(ToolModule.load) ?? []
        return SystemPrompt(
            configuration: configuration, limits: limits, skills: skills.skillsInSandbox(), modules: modules,
            knowledge: pool.limitKnowledge
        ).text
    }
}

/// `prompts/list`: returns the only prompt.
struct ListPromptsMethod: Method {
    private static let prompt = Prompt(
        name: PromptName.agentSystem, title: "System prompt for agents that run code",
        description:
            "What the sandbox is and its limits, the skills and Python modules in it, and how to hand back artifacts.",
        icons: [.server])

    let name = "prompts/list"

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        try request.refuseCursor()
        let result: JSONObject = ["prompts": [Self.prompt.json(for: context.revision)]]
        return .immediate(result.asResult(for: context.revision, from: ServerIdentity.implementation, cache: .fixed))
    }
}

/// `prompts/get`: returns the system prompt, generated on request.
struct GetPromptMethod: Method {
    let name = "prompts/get"
    let source: SystemPromptSource

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        guard let name = request["name"]?.stringValue else {
            throw .invalidParams("prompts/get needs name, a string.")
        }
        guard name == PromptName.agentSystem else {
            throw .invalidParams("There is no prompt \(name.prefix(100)). There is: \(PromptName.agentSystem).")
        }
        _ = try request.params.object("arguments")
        return .deferred { [source] _ in
            let result: JSONObject = [
                "description": "How to work in the sandbox",
                "messages": [["role": "user", "content": ["type": "text", "text": .string(source.text())]]],
            ]
            return result.asResult(for: context.revision, from: ServerIdentity.implementation)
        }
    }
}
