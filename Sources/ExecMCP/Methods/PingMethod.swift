import JSON
import JSONRPC
import MCP

/// `ping`: answered at once, also before the handshake. The modern revision has none.
struct PingMethod: Method {
    let name = "ping"

    func isOffered(in revision: Revision) -> Bool { !revision.isModern }

    func answer(_ request: Request, _ context: RequestContext) -> Answer { .now([:]) }
}
