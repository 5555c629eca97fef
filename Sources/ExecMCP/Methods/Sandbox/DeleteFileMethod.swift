import ExecCore
import JSON
import JSONRPC
import MCP

/// `exec-mcp/files/delete`: deletes an artifact or an uploaded file.
struct DeleteFileMethod: Method {
    let name = SandboxMethod.deleteFile.rawValue
    let calls: SandboxCalls

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        try calls.reply(.deleteFile, request, context) { (user) throws(RPCError) in
            let path = try calls.path(of: request, for: user)
            return {
                let deleted = try await calls.pool.withSandbox(of: user) { try await $0.delete(path) }
                return SandboxReply(["path": .string(deleted)])
            }
        }
    }
}
