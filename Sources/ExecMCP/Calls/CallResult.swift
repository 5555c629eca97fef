import JSON
import JSONRPC
import MCP

/// The result of a call.
enum CallResult: Sendable, Equatable {
    /// What a tool returns, including failures that the model should read. `remark` is the server's own note about the
    /// arguments; `nil` for none.
    case tool(ToolResult, remark: String? = nil)
    /// The contents of a URI.
    case resource(ResourceContents)
    /// The result of one of exec-mcp's own methods.
    case sandbox(SandboxReply)
    /// The error that answers the request.
    case failure(RPCError)

    /// Returns the answer to the request, with the fields that `revision` defines.
    func answer(for revision: Revision) -> Result<JSONObject, RPCError> {
        switch self {
        case .tool(let result, let remark):
            let members = result.adding(remark).members(for: revision)
            return .success(members.asResult(for: revision, from: ServerIdentity.implementation))
        case .resource(let contents):
            let members: JSONObject = ["contents": [contents.json]]
            return .success(
                members.asResult(for: revision, from: ServerIdentity.implementation, cache: .dynamic))
        case .sandbox(let reply):
            return .success(reply.json.asResult(for: revision, from: ServerIdentity.implementation))
        case .failure(let error):
            return .failure(error)
        }
    }
}
