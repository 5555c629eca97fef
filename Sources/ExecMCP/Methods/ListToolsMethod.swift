import JSON
import JSONRPC
import MCP

/// `tools/list`: returns always the same tools, in the same order, on a single page.
struct ListToolsMethod: Method {
    let name = "tools/list"
    let tools: ToolCatalog
    /// Starts sandboxes when the tools are listed; `nil` if that is disabled.
    let prewarming: Prewarming?

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        try request.refuseCursor()
        let result: JSONObject = ["tools": tools.listing(for: context.revision)]
        defer { prewarming?.begin(context) }
        return .immediate(result.asResult(for: context.revision, from: ServerIdentity.implementation, cache: .fixed))
    }
}

extension Request {
    /// Rejects a cursor. A single-page list returns no cursor, so any cursor comes from elsewhere.
    ///
    /// - Throws: -32602 (2026-07-28, server/utilities/pagination).
    func refuseCursor() throws(RPCError) {
        guard self["cursor"] == nil else {
            throw .invalidParams("cursor was not issued by this server: the list has a single page.")
        }
    }
}
