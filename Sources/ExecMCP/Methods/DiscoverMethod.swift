import JSON
import JSONRPC
import MCP

/// `server/discover`: the modern revision's replacement for a handshake (2026-07-28, basic/versioning).
struct DiscoverMethod: Method {
    let name = "server/discover"
    let era = MethodEra.modern

    func answer(_ request: Request, _ context: RequestContext) -> MethodReply {
        let result: JSONObject = [
            "supportedVersions": .array(Revision.supported.map(JSON.string)),
            "capabilities": ServerIdentity.capabilities(for: context.revision),
            "instructions": .string(ServerIdentity.instructions),
            "_meta": [MetaKey.serverInfo: ServerIdentity.implementation.json(for: context.revision)],
        ]
        return .immediate(result.asResult(for: context.revision, from: ServerIdentity.implementation, cache: .fixed))
    }
}
