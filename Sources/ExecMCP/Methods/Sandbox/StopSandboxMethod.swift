import ExecCore
import JSON
import JSONRPC
import MCP

/// `exec-mcp/sandbox/stop`: ends a user's sandbox, with everything that runs in it.
struct StopSandboxMethod: Method {
    /// The reason in the note of the next result.
    private static let reason = "its user asked for that"

    let name = SandboxMethod.stopSandbox.rawValue
    let calls: SandboxCalls
    let uploads: FileUploads

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        try calls.reply(.stopSandbox, request, context) { (user) throws(RPCError) in
            {
                uploads.removeAll(of: user)
                return SandboxReply(["stopped": .bool(await calls.pool.stopSandbox(of: user, because: Self.reason))])
            }
        }
    }
}
