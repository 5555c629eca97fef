import ExecCore
import JSON
import JSONRPC
import MCP

/// `exec-mcp/sandbox/list`: the sandboxes of all users of this server. The client names the users, so it may know them.
struct ListSandboxesMethod: Method {
    let name = SandboxMethod.listSandboxes.rawValue
    let pool: SandboxPool

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        .deferred(holding: 0) { [pool] _ in
            let listed = await pool.overviews.map { overview -> JSON in
                var members: JSONObject = [
                    "user": .string(overview.user.name), "state": .string(overview.state.rawValue),
                    "since": .string(Timestamp.text(secondsSince1970: overview.startTime)),
                ]
                members["container"] = overview.container.map(JSON.string)
                return .object(members)
            }
            let members: JSONObject = ["sandboxes": .array(listed)]
            return members.asResult(for: context.revision, from: ServerIdentity.implementation)
        }
    }
}
