import JSON
import JSONRPC
import MCP

/// `exec-mcp/files/cancel`: drops an unfinished upload.
struct CancelWriteMethod: Method {
    let name = SandboxMethod.cancelWrite.rawValue
    let calls: SandboxCalls
    let uploads: FileUploads

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        try calls.reply(.cancelWrite, request, context) { (user) throws(RPCError) in
            let id = try request.text("upload")
            return {
                guard uploads.remove(id, of: user) else {
                    throw RPCError(.notFound, "There is no such upload.")
                }
                return SandboxReply([:])
            }
        }
    }
}
