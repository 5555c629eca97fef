import ExecCore
import JSON
import JSONRPC
import MCP

/// `exec-mcp/sandbox/status`: the state of a user's sandbox. Doesn't start one.
struct SandboxStatusMethod: Method {
    let name = SandboxMethod.sandboxStatus.rawValue
    let pool: SandboxPool
    let defaultUser: DefaultUser

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        let user = try context.user(default: defaultUser)
        return .deferred(holding: 0) { [pool] _ in
            let overview = await pool.overview(of: user)
            let state = overview?.state.rawValue ?? SandboxMethod.SandboxState.none.rawValue
            var members: JSONObject = ["state": .string(state)]
            if overview != nil, let used = await pool.workspaceUse(of: user) {
                members["workspaceBytes"] = .integer(used)
            }
            members["workspaceLimit"] = pool.workspaceLimit.map(JSON.integer)
            members["container"] = overview?.container.map(JSON.string)
            members["since"] = overview.map { .string(Timestamp.text(secondsSince1970: $0.startTime)) }
            return members.asResult(for: context.revision, from: ServerIdentity.implementation)
        }
    }
}
