import JSON
import JSONRPC
import MCP

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
