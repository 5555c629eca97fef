import ExecCore
import JSON
import JSONRPC
import MCP
import Threading

/// Makes the system prompt afresh from what is there.
final class SystemPromptSource: Sendable {
    static let name = "agent_system_prompt"

    private let configuration: SandboxConfiguration
    private let limits: Limits
    private let logger: Logger
    /// Diagnostics already logged: a prompt is asked for often, and its skills seldom change.
    private let reported = Locked<Set<String>>([])

    init(options: Options, logger: Logger) {
        configuration = options.configuration
        limits = options.limits
        self.logger = logger
    }

    func text() -> String {
        let catalog = SkillCatalog.load(from: configuration.skillsDirectories)
        for diagnostic in catalog.diagnostics
        where reported.withLock({ $0.insert(diagnostic.description).inserted }) {
            logger.warning(diagnostic.description)
        }
        let modules = configuration.toolsDirectory.map(ToolModule.load) ?? []
        return SystemPrompt(
            configuration: configuration, limits: limits, skills: catalog.skills, modules: modules
        ).text
    }
}

/// `prompts/list`: the one prompt.
struct ListPromptsMethod: Method {
    let name = "prompts/list"

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> Answer {
        try request.refuseCursor()
        var prompt: JSONObject = ["name": .string(SystemPromptSource.name)]
        if context.revision.hasStructuredContent { prompt["title"] = "System prompt for agents that run code" }
        prompt["description"] =
            "What the sandbox is and its limits, the skills and Python modules in it, and how to hand back artifacts."
        let result: JSONObject = ["prompts": [.object(prompt)]]
        return .now(result.asResult(for: context.revision, from: ServerIdentity.implementation, cache: .fixed))
    }
}

/// `prompts/get`: the system prompt, made when it is asked for.
struct GetPromptMethod: Method {
    let name = "prompts/get"
    let source: SystemPromptSource

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> Answer {
        guard let name = request.params["name"]?.stringValue else {
            throw .invalidParams("prompts/get needs name, a string.")
        }
        guard name == SystemPromptSource.name else {
            throw .invalidParams("There is no prompt \(name.prefix(100)). There is: \(SystemPromptSource.name).")
        }
        if let arguments = request.params["arguments"], arguments.objectValue == nil {
            throw .invalidParams("arguments must be an object, not \(arguments.kindDescription).")
        }
        return .later { [source] in
            let result: JSONObject = [
                "description": "How to work in the sandbox",
                "messages": [["role": "user", "content": ["type": "text", "text": .string(source.text())]]],
            ]
            return result.asResult(for: context.revision, from: ServerIdentity.implementation)
        }
    }
}
