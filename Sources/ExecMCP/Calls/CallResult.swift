import JSON
import JSONRPC
import MCP

/// What comes of a call.
enum CallResult: Sendable, Equatable {
    /// What a tool returns, failures that the model is to read included. The remark is the server's own, on the arguments;
    /// `nil` if there is nothing to say.
    case tool(ToolResult, remark: String? = nil)
    /// What is behind a URI.
    case resource(ResourceContents)
    /// The error that the request gets.
    case failure(RPCError)

    /// The answer to the request, with the fields that `revision` knows.
    func answer(for revision: Revision) -> Result<JSONObject, RPCError> {
        switch self {
        case .tool(let result, let remark):
            let members = result.adding(remark).members(for: revision)
            return .success(members.asResult(for: revision, from: ServerIdentity.implementation))
        case .resource(let contents):
            let members: JSONObject = ["contents": [contents.json]]
            return .success(
                members.asResult(for: revision, from: ServerIdentity.implementation, cache: .dynamic))
        case .failure(let error):
            return .failure(error)
        }
    }
}
