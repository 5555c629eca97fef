import JSON
import JSONRPC
import MCP

/// `ping`: answered at once, also before the handshake. The modern revision has none.
struct PingMethod: Method {
    let name = "ping"
    let era = MethodEra.legacy

    func answer(_ request: Request, _ context: RequestContext) -> MethodReply { .immediate([:]) }
}
