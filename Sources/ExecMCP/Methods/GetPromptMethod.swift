import JSON
import JSONRPC
import MCP

/// `prompts/get`: returns the system prompt, generated on request.
struct GetPromptMethod: Method {
    let name = "prompts/get"
    let source: SystemPromptSource
    let defaultUser: DefaultUser

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        guard let name = request["name"]?.stringValue else {
            throw .invalidParams("prompts/get needs name, a string.")
        }
        guard name == PromptName.agentSystem else {
            throw .invalidParams("Unknown prompt \(name.prefix(100)). The prompt is: \(PromptName.agentSystem).")
        }
        _ = try request.params.object("arguments")
        let user = try context.user(default: defaultUser)
        return .deferred { [source] _ in
            let prompt = await source.prompt(for: user)
            var result: JSONObject = [
                "description": "How to work in the sandbox",
                "messages": [["role": "user", "content": ["type": "text", "text": .string(prompt.text)]]],
            ]
            if let report = prompt.bridge { result["_meta"] = [BridgeReport.metaKey: report.json] }
            return result.asResult(for: context.revision, from: ServerIdentity.implementation)
        }
    }
}
